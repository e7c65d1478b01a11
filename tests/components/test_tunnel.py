from __future__ import annotations

from dataclasses import replace
from typing import Any

from components.edge.connector import TunnelConnector, TunnelConnectorArgs
from components.edge.tunnel import CloudflareTunnel, CloudflareTunnelArgs
from operations.plan.recorded import Evaluation
from operations.plan.values import UNKNOWN, Secret, reveal
from settings import versions
from tests.recording import record

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
ROUTES = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"

TUNNEL_ARGS = CloudflareTunnelArgs(
    account_id="account",
    zone_id="zone",
    tunnel_name="openova",
    hosts=("api.openova.io", "api-acme.openova.io"),
    service="http://ingress.ingress.svc.cluster.local:80",
)


def tunnel() -> Evaluation:
    return record(lambda: CloudflareTunnel("tunnel", TUNNEL_ARGS))


def test_a_tunnels_routes_are_kept_by_cloudflare_and_end_in_a_refusal() -> None:
    evaluation = tunnel()
    (made,), (routes,) = evaluation.of_type(TUNNEL), evaluation.of_type(ROUTES)
    assert made.inputs["configSrc"] == "cloudflare"
    assert made.protect
    assert routes.feeds["tunnelId"] == (made.urn,)
    assert routes.inputs["config"]["ingresses"] == [
        {"hostname": "api.openova.io", "service": TUNNEL_ARGS.service},
        {"hostname": "api-acme.openova.io", "service": TUNNEL_ARGS.service},
        {"service": "http_status:404"},
    ]


def test_host_names_are_proxied_aliases_of_the_tunnel() -> None:
    evaluation = tunnel()
    (made,) = evaluation.of_type(TUNNEL)
    for alias in evaluation.of_type(RECORD):
        assert (alias.inputs["type"], alias.inputs["proxied"], alias.inputs["ttl"]) == ("CNAME", True, 1)
        assert alias.feeds["content"] == (made.urn,)


def test_the_tunnels_token_is_asked_for_only_when_the_tunnel_is_there() -> None:
    evaluation = tunnel()
    (component,) = evaluation.of_type("openova:edge:CloudflareTunnel")
    assert evaluation.registered_outputs[component.urn]["token"] == UNKNOWN


def connector(**changes: Any) -> Evaluation:
    args = TunnelConnectorArgs(token="very-secret-token")
    return record(lambda: TunnelConnector("connector", replace(args, **changes)))


def pod(evaluation: Evaluation) -> dict[str, Any]:
    spec: dict[str, Any] = reveal(evaluation.named("connector-deployment").inputs["spec"])["template"]["spec"]
    return spec


def test_the_connector_reads_its_token_from_a_file() -> None:
    evaluation = connector()
    assert evaluation.named("connector-token").inputs["stringData"] in (
        Secret({"token": "very-secret-token"}),
        {"token": Secret("very-secret-token")},
    )
    (container,) = pod(evaluation)["containers"]
    assert container["args"][-2:] == ["--token-file", "/etc/cloudflared/token"]
    assert "env" not in container
    assert "very-secret-token" not in str(reveal(evaluation.named("connector-deployment").inputs))


def test_a_new_token_starts_new_pods() -> None:
    def fingerprint(token: str) -> str:
        spec = reveal(connector(token=token).named("connector-deployment").inputs["spec"])
        return str(spec["template"]["metadata"]["annotations"]["openova.io/token-sha256"])

    assert fingerprint("one") != fingerprint("two")


def test_the_connectors_image_is_pinned_by_digest() -> None:
    (container,) = pod(connector())["containers"]
    assert container["image"] == versions.CLOUDFLARED_IMAGE.reference
    assert "@sha256:" in container["image"]


def test_the_connector_runs_without_any_privilege() -> None:
    spec = pod(connector())
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 65532
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    namespace = connector().named("connector-namespace").inputs["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_connector_is_ready_only_while_it_is_connected() -> None:
    (container,) = pod(connector())["containers"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "metrics"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthcheck"


def test_the_connectors_replicas_prefer_different_nodes_and_leave_one_by_one() -> None:
    evaluation = connector(replicas=3)
    spec = reveal(evaluation.named("connector-deployment").inputs["spec"])
    (preferred,) = pod(evaluation)["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    assert preferred["podAffinityTerm"]["labelSelector"] == spec["selector"]
    assert spec["replicas"] == 3
    assert evaluation.named("connector-budget").inputs["spec"]["maxUnavailable"] == 1
