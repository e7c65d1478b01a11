from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from components.edge.connector import TunnelConnector, TunnelConnectorArgs
from components.edge.connector_pod import ConnectorHealth
from components.edge.steering import connector_detection_seconds
from components.edge.tunnel import CloudflareTunnel, CloudflareTunnelArgs
from operations.plan.recorded import Evaluation
from operations.plan.values import UNKNOWN, Secret, reveal
from settings import versions
from tests.planning import planned
from tests.projects import copy_project, share
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


HEALTH = ConnectorHealth(url="http://ingress.local/health", host="api.openova.io", interval=10, timeout=5, failures=3)


def connector(**changes: Any) -> Evaluation:
    args = TunnelConnectorArgs(token="very-secret-token", health=HEALTH)
    return record(lambda: TunnelConnector("connector", replace(args, **changes)))


def pod(evaluation: Evaluation) -> dict[str, Any]:
    spec: dict[str, Any] = reveal(evaluation.named("connector-deployment").inputs["spec"])["template"]["spec"]
    return spec


def test_the_connector_reads_its_token_from_the_gate_and_not_from_the_secret() -> None:
    evaluation = connector()
    assert evaluation.named("connector-token").inputs["stringData"] in (
        Secret({"token": "very-secret-token"}),
        {"token": Secret("very-secret-token")},
    )
    (container,) = pod(evaluation)["containers"]
    assert container["args"][-2:] == ["--token-file", "/run/gate/token"]
    assert "env" not in container
    assert [mount["name"] for mount in container["volumeMounts"]] == ["gate"]
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
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 65532
    for container in (*spec["containers"], *spec["initContainers"]):
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


def gate(evaluation: Evaluation) -> dict[str, Any]:
    (container,) = pod(evaluation)["initContainers"]
    found: dict[str, Any] = container
    return found


def test_a_gate_of_the_regions_own_health_stands_before_the_connector() -> None:
    made = gate(connector())
    environment = {item["name"]: item["value"] for item in made["env"]}
    assert environment == {
        "GATE_URL": "http://ingress.local/health", "GATE_HOST": "api.openova.io", "GATE_INTERVAL": "10",
        "GATE_TIMEOUT": "5", "GATE_FAILURES": "3", "GATE_TOKEN": "/etc/cloudflared/token", "GATE_DIR": "/run/gate",
    }  # fmt: skip
    assert made["command"][:2] == ["sh", "-c"]
    assert "very-secret-token" not in str(made)


def test_the_connector_begins_after_the_gate_and_can_be_ended_by_it() -> None:
    spec = pod(connector())
    assert gate(connector())["restartPolicy"] == "Always"
    assert gate(connector())["startupProbe"]["exec"]["command"] == ["test", "-p", "/run/gate/token"]
    assert spec["shareProcessNamespace"] is True


def test_a_connector_that_waits_for_its_region_is_not_called_dead() -> None:
    (container,) = pod(connector())["containers"]
    assert container["startupProbe"]["failureThreshold"] == 2**31 - 1
    assert container["startupProbe"]["httpGet"] == container["livenessProbe"]["httpGet"]


def test_a_region_that_is_not_healthy_yet_does_not_hold_up_its_stack() -> None:
    metadata = connector().named("connector-deployment").inputs["metadata"]
    assert metadata["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_the_longest_time_to_leave_is_every_check_and_its_timeout() -> None:
    assert connector_detection_seconds(interval=10, timeout=5, retries=2) == 3 * (10 + 5) + 5


def test_a_drained_region_has_no_connector(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    share(root, "edge.mode", "tunnel")
    share(root, "edge.drained", ["in"])
    evaluations = planned(root).evaluations
    replicas = {
        code: reveal(evaluations[code].named(f"{code}-services-connector-deployment").inputs["spec"])["replicas"]
        for code in ("eu", "in")
    }
    assert replicas == {"eu": 2, "in": 0}
