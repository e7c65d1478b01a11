"""The guard as it is registered: what it may do, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.guard.barrier import NodeBarriers, NodeBarriersArgs
from components.guard.component import SIGNS, STATE, Guard, GuardArgs
from components.guard.names import KEYS, NAME
from components.guard.ruleset import ruleset
from components.node import SshConnection
from components.observability.component import MONITORING
from operations.guard import configuration
from operations.guard import watch as program
from operations.plan.recorded import Evaluation
from operations.plan.values import Secret, reveal
from operations.policy.planned import of_plan
from tests.planning import planned
from tests.projects import GUARDED, copy_project, edit, share
from tests.recording import record

ARGS = GuardArgs(
    image=f"ghcr.io/example/openova-guard@sha256:{'0' * 64}",
    region="eu",
    cluster="postgresql",
    database_namespace="databases",
    pods="10.42.0.0/16",
    isolation="fence",
    ttl=20,
    founds=True,
    bucket="openova-authority",
    endpoint="https://s3.example",
    access_key_id="an-id",
    secret_access_key="very-secret",
)
COMMAND = "command:remote:Command"


def guard(**changes: Any) -> Evaluation:
    return record(lambda: Guard("guard", replace(ARGS, **changes)))


def pod(evaluation: Evaluation) -> dict[str, Any]:
    spec: dict[str, Any] = reveal(evaluation.named("guard-daemon-set").inputs["spec"])
    return dict(spec["template"]["spec"])


def test_it_runs_on_every_node_whatever_the_node_is_tainted_with() -> None:
    spec = pod(guard())
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["priorityClassName"] == "system-node-critical"


def test_it_has_the_hosts_network_and_its_resolver_and_one_capability() -> None:
    spec = pod(guard())
    (container,) = spec["containers"]
    assert (spec["hostNetwork"], spec["dnsPolicy"]) == (True, "Default")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]},
    }
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}


def test_it_may_read_one_cluster_and_the_pods_beside_it_and_nothing_else() -> None:
    evaluation = guard()
    (role,) = evaluation.of_type("kubernetes:rbac.authorization.k8s.io/v1:Role")
    assert role.inputs["metadata"]["namespace"] == "databases"
    assert role.inputs["rules"] == [
        {
            "apiGroups": ["postgresql.cnpg.io"],
            "resources": ["clusters"],
            "resourceNames": ["postgresql"],
            "verbs": ["get"],
        },
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    ]
    assert evaluation.of_type("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole") == []


def test_its_keys_are_files_and_stand_nowhere_else() -> None:
    evaluation = guard()
    assert evaluation.named("guard-keys").inputs["stringData"] in (
        Secret({"access-key-id": "an-id", "secret-access-key": "very-secret"}),
        {"access-key-id": Secret("an-id"), "secret-access-key": Secret("very-secret")},
    )
    for resource in evaluation.resources:
        if resource.name != "guard-keys":
            assert "very-secret" not in repr(reveal(resource.inputs))


def test_new_keys_start_new_pods() -> None:
    def annotations(**changes: Any) -> Any:
        spec = reveal(guard(**changes).named("guard-daemon-set").inputs["spec"])
        return spec["template"]["metadata"]["annotations"]

    assert annotations() == annotations()
    assert annotations() != annotations(secret_access_key="another")


def test_a_new_pod_is_there_before_the_old_one_goes() -> None:
    spec = reveal(guard().named("guard-daemon-set").inputs["spec"])
    assert spec["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_the_program_in_the_image_understands_what_the_component_tells_it(tmp_path: Path) -> None:
    (container,) = pod(guard())["containers"]
    told = {entry["name"]: entry.get("value", "contabo-eu-1") for entry in container["env"]}
    told |= {"KUBERNETES_SERVICE_HOST": "10.43.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    for name, text in (("access-key-id", "an-id"), ("secret-access-key", "very-secret")):
        (tmp_path / name).write_text(text)
    understood = configuration.configuration(told, tmp_path)
    place = understood.place
    assert (place.region, place.node, place.isolation, place.ttl, place.founds) == (
        "eu",
        "contabo-eu-1",
        "fence",
        20.0,
        True,
    )
    assert (understood.namespace, understood.cluster, understood.pods) == ("databases", "postgresql", "10.42.0.0/16")
    assert (understood.bucket.name, understood.bucket.endpoint) == ("openova-authority", "https://s3.example")
    assert (str(configuration.KEYS), str(configuration.SIGNS)) == (KEYS, SIGNS)
    assert str(configuration.STATE).startswith(STATE)


@pytest.mark.parametrize("told", [{}, {"GUARD_TTL": "soon", "GUARD_ISOLATION": "hope"}])
def test_told_wrongly_it_names_everything_that_is_wrong(told: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"GUARD_REGION is missing.*KUBERNETES_SERVICE_HOST is missing") as caught:
        configuration.configuration(told, tmp_path)
    for name in told:
        assert name in str(caught.value)


@pytest.mark.parametrize("guarded", [True, False])
def test_every_node_boots_shut_where_a_guard_runs_and_is_freed_of_it_where_none_does(guarded: bool) -> None:
    connection = SshConnection(host="192.0.2.1", host_key=f"ssh-ed25519 {'A' * 68}")
    args = NodeBarriersArgs(nodes={"eu-1": connection, "eu-2": connection}, pods=ARGS.pods, guarded=guarded)
    evaluation = record(lambda: NodeBarriers("barriers", args))
    scripts = evaluation.of_type(COMMAND)
    assert [script.name for script in scripts] == ["barriers-eu-1", "barriers-eu-2"]
    for script in scripts:
        assert (ruleset(ARGS.pods) in reveal(script.inputs["stdin"])) is guarded


def test_of_a_guarded_platform_every_region_has_one_and_no_region_has_its_bucket(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    share(root, "guard", GUARDED)
    plan = planned(root)
    (bucket,) = [
        made
        for made in plan.evaluations["shared"].of_type("cloudflare:index/r2Bucket:R2Bucket")
        if made.inputs["name"] == "openova-authority"
    ]
    assert bucket.protect
    for code in ("eu", "in"):
        evaluation = plan.evaluations[code]
        (made,) = evaluation.of_type("openova:guard:Guard")
        spec = reveal(evaluation.named(f"{code}-guard-daemon-set").inputs["spec"])
        told = {entry["name"]: entry.get("value") for entry in spec["template"]["spec"]["containers"][0]["env"]}
        assert told["GUARD_REGION"] == code
        assert told["GUARD_FOUNDS"] == ("true" if code == "eu" else "false")
        assert made.name == f"{code}-guard"
        assert evaluation.named(f"{code}-guard-namespace").inputs["metadata"]["name"] == NAME


def test_nothing_is_told_to_prometheus_where_nobody_reads_it() -> None:
    assert guard().of_type("kubernetes:apps/v1:Deployment") == []


def test_the_watch_has_the_keys_and_no_power_over_the_node() -> None:
    evaluation = guard(watched=("contabo-eu-1", "contabo-eu-2"))
    spec = reveal(evaluation.named("guard-watch").inputs["spec"])["template"]["spec"]
    (container,) = spec["containers"]
    assert "hostNetwork" not in spec
    assert not spec["automountServiceAccountToken"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["ports"] == [{"name": "metrics", "containerPort": program.PORT}]
    told = {entry["name"].removeprefix("GUARD_"): entry["value"] for entry in container["env"]}
    assert set(told) == set(program.NEEDED)
    assert told["NODES"].split(",") == ["contabo-eu-1", "contabo-eu-2"]
    assert container["command"] == ["python", "-m", "operations.guard.watch"]
    assert "very-secret" not in repr(spec)


def test_new_keys_start_a_new_watch() -> None:
    def annotations(**changes: Any) -> Any:
        spec = reveal(guard(watched=("contabo-eu-1",), **changes).named("guard-watch").inputs["spec"])
        return spec["template"]["metadata"]["annotations"]

    assert annotations() == annotations()
    assert annotations() != annotations(secret_access_key="another")


@pytest.mark.parametrize("how", [{"monitors": True}, {"remoteWrite": "https://metrics.example.org/push"}])
def test_where_metrics_are_read_the_guards_are_among_them(tmp_path: Path, how: Mapping[str, Any]) -> None:
    root = copy_project(tmp_path)
    share(root, "guard", GUARDED)
    edit(root / "Pulumi.eu.yaml", ["config", "openova:observability"], dict(how))
    plan = planned(root)
    europe, india = (plan.evaluations[code] for code in ("eu", "in"))
    assert [made.name for made in europe.of_type("kubernetes:apps/v1:Deployment")] == ["eu-guard-watch"]
    assert india.of_type("kubernetes:apps/v1:Deployment") == []
    assert [item for item in of_plan(plan) if item.stops] == []
    rules = [made.inputs["spec"]["groups"] for made in europe.of_type(f"kubernetes:{MONITORING}:PrometheusRule")]
    if "monitors" in how:
        assert [group["name"] for group in rules[0]] == ["postgres-region", "guard"]
        selected = [made.inputs["spec"] for made in europe.of_type(f"kubernetes:{MONITORING}:PodMonitor")]
        labels = reveal(europe.named("eu-guard-watch").inputs["spec"])["selector"]["matchLabels"]
        assert labels in [spec["selector"]["matchLabels"] for spec in selected]
    else:
        (agent,) = [made for made in europe.of_type("kubernetes:helm.sh/v3:Release") if "alloy" in made.name]
        assert f'"{NAME}"' in repr(reveal(agent.inputs["values"]))
