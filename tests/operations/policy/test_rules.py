"""Each rule, and what breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from components.node.firewall import Firewall, ruleset
from components.postgres.spec import GENERATION
from operations.plan.recorded import Recorded
from operations.plan.values import UNKNOWN, Secret
from operations.policy.rules.kept import REPLACING, replaces
from operations.policy.ruleset import RULES
from settings.acknowledged import Acknowledgement
from settings.data import Residency
from settings.versions import images_without_digest
from tests.operations.policy.resources import CONTAINER, broken, cluster, deployment, ids, resource

SERVICE = "kubernetes:core/v1:Service"
SECRET = "kubernetes:core/v1:Secret"
BUCKET = "cloudflare:index/r2Bucket:R2Bucket"
BECAUSE = "it is meant to be so here"


def test_what_is_sound_breaks_nothing() -> None:
    assert broken(cluster(), deployment()) == []


def test_every_rule_says_what_follows_and_how_to_mend_it() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.rule.endswith(".")
        assert rule.consequence.endswith(".")
        assert rule.of_resource or rule.of_stack


def test_a_database_without_protection_is_refused() -> None:
    (found,) = broken(cluster(protect=False))
    assert (found.rule_id, found.level, found.resource) == ("kept", "mandatory", "eu-postgres-cluster")
    assert found.urn.endswith("::eu-postgres-cluster")


def test_a_stack_that_takes_its_protection_off_has_acknowledged_it() -> None:
    assert broken(cluster(protect=False), protect=False) == []


def test_an_acknowledgement_lets_its_own_resource_pass_and_says_why() -> None:
    acknowledged = (Acknowledgement(rule="kept", resource="eu-postgres-*", because=BECAUSE),)
    (found,) = broken(cluster(protect=False), acknowledged=acknowledged)
    assert (found.level, found.because) == ("acknowledged", BECAUSE)
    (other,) = broken(cluster("in-postgres-cluster", protect=False), acknowledged=acknowledged)
    assert other.level == "mandatory"


def test_an_acknowledgement_of_one_rule_lets_no_other_pass() -> None:
    acknowledged = (Acknowledgement(rule="workload", resource="*", because=BECAUSE),)
    assert broken(cluster(protect=False), acknowledged=acknowledged)[0].level == "mandatory"


@pytest.mark.parametrize(
    ("type_", "field", "new"),
    [
        ("kubernetes:postgresql.cnpg.io/v1:Cluster", f"metadata.annotations.{GENERATION}", True),
        ("kubernetes:postgresql.cnpg.io/v1:Cluster", "metadata.name", True),
        ("kubernetes:postgresql.cnpg.io/v1:Cluster", "spec.instances", False),
        ("kubernetes:core/v1:Namespace", "metadata.name", True),
        (BUCKET, "jurisdiction", True),
        (BUCKET, "jurisdictions", False),
        ("random:index/randomPassword:RandomPassword", "length", True),
        ("random:index/randomPassword:RandomPassword", "protect", False),
        ("cloudflare:index/dnsRecord:DnsRecord", "name", False),
    ],
)
def test_the_inputs_that_mean_a_new_resource_are_known(type_: str, field: str, new: bool) -> None:
    assert replaces(type_, field) is new


def test_a_generation_of_the_table_is_the_one_that_clusters_bear() -> None:
    fields = REPLACING["kubernetes:postgresql.cnpg.io/v1:Cluster"]
    assert f"metadata.annotations.{GENERATION}" in fields


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "LoadBalancer", "ports": [{"port": 443}]},
        {"type": "ClusterIP", "externalIPs": ["203.0.113.1"], "ports": [{"port": 5432}]},
    ],
)
def test_a_service_that_the_internet_reaches_is_refused(spec: dict[str, Any]) -> None:
    assert ids(broken(resource(SERVICE, {"spec": spec}))) == {"public-database"}


def test_a_node_port_is_no_public_port() -> None:
    spec = {"type": "NodePort", "ports": [{"port": 27017, "nodePort": 30170}]}
    assert broken(resource(SERVICE, {"spec": spec})) == []


def test_a_load_balancer_that_an_operator_would_make_is_refused() -> None:
    managed = {"services": {"additional": [{"serviceTemplate": {"spec": {"type": "LoadBalancer"}}}]}}
    assert ids(broken(cluster(managed=managed))) == {"public-database"}
    psmdb = "kubernetes:psmdb.percona.com/v1:PerconaServerMongoDB"
    exposed = {"spec": {"replsets": [{"expose": {"enabled": True, "type": "LoadBalancer"}}]}}
    assert ids(broken(resource(psmdb, exposed, protect=True))) == {"public-database"}


def test_a_database_on_the_hosts_own_addresses_is_refused() -> None:
    assert ids(broken(deployment(ports=[{"containerPort": 27017, "hostPort": 27017}]))) == {"public-database"}


def firewall(text: str, *, secret: bool = True) -> Recorded:
    return resource("command:remote:Command", {"stdin": Secret(text) if secret else text})


def rules() -> str:
    closed = Firewall(
        admin_cidrs=["192.0.2.0/24"],
        http_cidrs=["198.51.100.0/24"],
        peer_addresses=["203.0.113.11"],
        ssh_port=22,
        mesh_port=51871,
        mesh_interface="wg-openova",
    )
    return ruleset(closed)


@pytest.mark.parametrize("ports", ["5432", "{ 80, 443, 27017 }", "30000-32767", "1024-65535"])
def test_a_firewall_that_opens_a_database_to_all_is_refused(ports: str) -> None:
    text = rules()
    assert broken(firewall(text)) == []
    opened = text.replace(
        "    counter drop\n  }\n\n  chain forward", f"    tcp dport {ports} accept\n  }}\n\n  chain forward"
    )
    assert opened != text
    assert ids(broken(firewall(opened))) == {"public-database"}


@pytest.mark.parametrize("place", ["environment", "triggers"])
def test_a_configured_secret_in_plain_text_is_refused_wherever_it_stands(place: str) -> None:
    inputs = {place: ["x a-secret-that-was-configured x"]}
    (found,) = broken(resource("command:remote:Command", inputs))
    assert found.rule_id == "plain-secret"
    assert f"{place}.0" in found.says
    assert "a-secret-that-was-configured" not in str(found), "a message is read by everybody"


def test_a_secret_that_is_marked_as_one_passes() -> None:
    inputs = {"environment": {"TOKEN": Secret("a-secret-that-was-configured")}}
    assert broken(resource("command:remote:Command", inputs)) == []


@pytest.mark.parametrize("key", ["password", "tls.key", "token", "keyfile"])
def test_a_password_in_a_kubernetes_secret_is_marked_as_one(key: str) -> None:
    assert ids(broken(resource(SECRET, {"stringData": {key: "guessed"}}))) == {"plain-secret"}
    assert broken(resource(SECRET, {"stringData": {key: Secret("guessed"), "ca.crt": "public"}})) == []
    assert broken(resource(SECRET, {"stringData": {key: UNKNOWN}})) == []


def test_a_private_key_is_known_by_its_look() -> None:
    inputs = {"data": {"anything": "-----BEGIN EC PRIVATE KEY-----\nAA\n"}}
    assert ids(broken(resource("kubernetes:core/v1:ConfigMap", inputs))) == {"plain-secret"}


FOLLOWS = {"primary": "postgresql", "self": "postgresql-replica", "source": "postgresql"}
LEADS = {"primary": "postgresql", "self": "postgresql", "source": "postgresql-replica"}


def test_a_region_that_is_not_primary_may_not_write() -> None:
    assert ids(broken(cluster(replica=LEADS), stack="in")) == {"one-writer"}
    assert ids(broken(cluster(), stack="in")) == {"one-writer"}
    assert broken(cluster(replica=FOLLOWS), stack="in") == []
    assert broken(cluster(replica={"enabled": True, "source": "postgresql"}), stack="in") == []


def test_two_writers_in_one_stack_are_refused() -> None:
    assert ids(broken(cluster("eu-a"), cluster("eu-b"))) == {"one-writer"}
    assert broken(cluster("eu-a"), cluster("eu-b", replica=FOLLOWS)) == []


def test_every_region_writes_where_the_phase_says_so() -> None:
    assert broken(cluster(), stack="in", phase="active-active") == []


def test_an_image_without_a_digest_is_refused() -> None:
    assert ids(broken(deployment(image="example.org/api:1.0"))) == {"image-digest"}
    values = {"values": {"image": {"registry": "ghcr.io", "repository": "a/b", "tag": "1"}}}
    (found,) = broken(resource("kubernetes:helm.sh/v3:Release", values))
    assert "ghcr.io/a/b:1" in found.says
    assert found.level == "mandatory"
    values["values"]["image"]["digest"] = f"sha256:{'0' * 64}"
    assert broken(resource("kubernetes:helm.sh/v3:Release", values)) == []


def test_an_image_that_is_pinned_by_tag_in_the_one_file_is_advised_only() -> None:
    for image in [pinned.reference for pinned in images_without_digest().values()]:
        assert [item.level for item in broken(cluster(imageName=image))] == ["advisory"]


@pytest.mark.parametrize(
    ("field", "value", "lacking"),
    [
        ("resources", None, "memory limit"),
        ("livenessProbe", None, "livenessProbe"),
        ("readinessProbe", None, "readinessProbe"),
        ("securityContext", None, "seccompProfile"),
        ("securityContext", {**CONTAINER["securityContext"], "allowPrivilegeEscalation": True}, "allowPrivilege"),
        ("securityContext", {**CONTAINER["securityContext"], "capabilities": {"drop": ["CHOWN"]}}, "capabilities.drop"),
        ("securityContext", {**CONTAINER["securityContext"], "readOnlyRootFilesystem": False}, "readOnlyRoot"),
        ("securityContext", {**CONTAINER["securityContext"], "runAsNonRoot": None}, "user to run as"),
    ],
)
def test_a_workload_that_lacks_anything_is_refused(field: str, value: Any, lacking: str) -> None:
    (found,) = broken(deployment(**{field: value}))
    assert found.rule_id == "workload"
    assert lacking in found.says


def test_a_job_needs_no_probes_and_its_limits_all_the_same() -> None:
    pod = {"containers": [{key: value for key, value in CONTAINER.items() if not key.endswith("Probe")}]}
    spec = {"jobTemplate": {"spec": {"template": {"spec": pod}}}}
    assert broken(resource("kubernetes:batch/v1:CronJob", {"spec": spec})) == []
    pod["containers"][0].pop("resources")
    assert ids(broken(resource("kubernetes:batch/v1:CronJob", {"spec": spec}))) == {"workload"}


def test_data_that_is_bound_to_the_union_is_refused_elsewhere() -> None:
    bound = Residency(postgresql="eu")
    assert broken(cluster(), residency=bound) == []
    found = broken(cluster(replica=FOLLOWS), stack="in", residency=bound)
    assert ids(found) == {"residency"}
    assert "IN" in found[0].says


def test_backups_of_bound_data_lie_in_the_unions_jurisdiction() -> None:
    bucket = resource(BUCKET, {"jurisdiction": "default"}, "backups-backups", protect=True)
    assert broken(bucket) == []
    assert ids(broken(bucket, residency=Residency(mongodb="eu"))) == {"residency"}


def test_what_is_only_read_breaks_nothing() -> None:
    assert broken(cluster(protect=False)) != []
    reading = resource(BUCKET, {}, read=True)
    assert broken(reading) == []
