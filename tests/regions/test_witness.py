"""A witness: a third site with one MongoDB member. What is asserted is what the program registers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from operations.plan.project import Planned
from operations.plan.recorded import Evaluation
from operations.plan.values import reveal
from regions.roles import role_of
from settings.naming import stack_order
from tests.planning import planned
from tests.projects import copy_project, edit, only_problem, problems, share, value
from tests.turns import World
from tests.variants import WITNESS, witness

PSMDB = "kubernetes:psmdb.percona.com/v1:PerconaServerMongoDB"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    root = copy_project(tmp_path_factory.mktemp("witness"))
    witness(root)
    return planned(root)


def spec_of(evaluation: Evaluation) -> dict[str, Any]:
    (resource,) = evaluation.of_type(PSMDB)
    spec: dict[str, Any] = reveal(resource.inputs)["spec"]
    return spec


def described(evaluation: Evaluation) -> dict[str, tuple[int, int, str]]:
    """Votes, priority and region of every member, as one site's resource lists it; its own have a vote there."""
    (replica_set,) = spec_of(evaluation)["replsets"]
    own = {o["host"]: (1, o["priority"], o["tags"]["region"]) for o in replica_set["replsetOverrides"].values()}
    others = {
        f"{n['host']}:{n['port']}": (n["votes"], n["priority"], n["tags"]["region"])
        for n in replica_set["externalNodes"]
    }
    return own | others


def test_it_comes_after_the_regions_and_before_the_edge(plan: Planned) -> None:
    assert stack_order(plan.project.platform) == ("shared", "eu", "in", "sg", "global")


def test_it_runs_one_member_that_manages_nothing_and_is_backed_up_elsewhere(plan: Planned) -> None:
    spec = spec_of(plan.evaluations["sg"])
    assert (spec["unmanaged"], spec["updateStrategy"]) == (True, "RollingUpdate")
    assert spec["unsafeFlags"] == {"replsetSize": True}
    assert (spec["replsets"][0]["size"], spec["backup"]["enabled"]) == (1, False)
    assert "users" not in spec
    for code in ("eu", "in"):
        assert "unsafeFlags" not in spec_of(plan.evaluations[code])


def test_every_site_lists_the_same_seven_members_of_whom_five_vote(plan: Planned) -> None:
    """The spares of the regions hold a copy and no vote; a site's own spare loses its vote by the operator."""
    expected = {
        "mongo-eu-0.openova.io:30170": (1, 10, "europe"),
        "mongo-eu-1.openova.io:30171": (1, 9, "europe"),
        "mongo-eu-2.openova.io:30172": (0, 0, "europe"),
        "mongo-in-0.openova.io:30170": (1, 5, "india"),
        "mongo-in-1.openova.io:30171": (1, 4, "india"),
        "mongo-in-2.openova.io:30172": (0, 0, "india"),
        "mongo-sg-0.openova.io:30170": (1, 1, "singapore"),
    }
    assert described(plan.evaluations["sg"]) == expected
    for code, spare in (("eu", "mongo-eu-2.openova.io:30172"), ("in", "mongo-in-2.openova.io:30172")):
        assert described(plan.evaluations[code]) == expected | {spare: (1, *expected[spare][1:])}


def test_it_has_no_postgresql_and_serves_nobody(plan: Planned) -> None:
    resources = plan.evaluations["sg"].resources
    for word in ("postgresql.cnpg.io", "openova:postgres", "openova:app", "openova:edge"):
        assert not [resource.urn for resource in resources if word in resource.type], word
    pools = plan.evaluations["global"].of_type("cloudflare:index/loadBalancerPool:LoadBalancerPool")
    assert sorted(reveal(pool.inputs)["name"] for pool in pools) == ["europe-pool", "india-pool"]


def test_http_stays_closed_there(plan: Planned) -> None:
    def nodes(code: str) -> str:
        return repr([reveal(r.inputs) for r in plan.evaluations[code].resources if r.type.startswith("command:remote")])

    cloudflare = "173.245.48.0/20"
    assert cloudflare in nodes("eu")
    assert cloudflare not in nodes("sg")


def test_all_sites_resolve_its_name_and_reach_its_node_over_the_mesh(plan: Planned) -> None:
    for code in ("eu", "in", "sg"):
        resources = [reveal(resource.inputs) for resource in plan.evaluations[code].resources]
        (names,) = [r for r in resources if r.get("metadata", {}).get("name") == "coredns-custom"]
        assert "mongo-sg-0.openova.io" in repr(names)
        assert "pg-singapore" not in repr(names)
    peers = repr([reveal(r.inputs) for r in plan.evaluations["eu"].resources if "mesh" in r.name])
    assert "10.99.3.1" in peers


def test_it_gets_the_shared_secrets_and_a_member_for_everyones_certificate(plan: Planned) -> None:
    secrets = [
        reveal(resource.inputs)["metadata"]["name"]
        for resource in plan.evaluations["sg"].of_type("kubernetes:core/v1:Secret")
    ]
    for name in ("users", "ssl", "ssl-internal", "keyfile", "encryption-key"):
        assert f"mongodb-global-{name}" in secrets
    certificates = plan.evaluations["shared"].of_type("tls:index/locallySignedCert:LocallySignedCert")
    requests = plan.evaluations["shared"].of_type("tls:index/certRequest:CertRequest")
    assert certificates
    assert any("mongo-sg-0.openova.io" in reveal(request.inputs).get("dnsNames", []) for request in requests)


def test_regions_may_come_before_it_and_after_it(tmp_path: Path) -> None:
    world = World(copy_project(tmp_path))
    witness(world.root)
    for stack in ("shared", "sg", "eu", "in", "global", "eu", "sg"):
        world.up(stack)
    assert set(world.outputs["sg"]) == {"addresses", "contract", "hostKeys", "kubeconfig"}


def test_a_failover_with_a_witness_leaves_a_majority_and_moves_the_managed_side(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    witness(root)
    share(root, "authority", {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"})
    edit(root / "Pulumi.yaml", "config.regions.value.0.postgres.generation", 2)
    edit(root / "Pulumi.yaml", "config.regions.value.0.postgres.cloneFrom", "in")
    after = planned(root)
    assert role_of("in", after.project.platform).writes
    assert [spec_of(after.evaluations[code])["unmanaged"] for code in ("eu", "in", "sg")] == [True, False, True]


@pytest.mark.parametrize(
    ("setting", "given", "key", "rule"),
    [
        ("code", "eu", "openova:regions", "The code 'eu' stands more than once."),
        ("name", "india", "openova:regions", "The name 'india' stands more than once."),
        ("mongodb", {"priorities": [1, 1]}, "openova:witnesses[0].mongodb.priorities", "a witness has one"),
        ("mongodb", {"priorities": []}, "openova:witnesses[0].mongodb.priorities", "a witness has one"),
        (
            "networks",
            WITNESS["networks"] | {"mesh": "10.99.1.0/24"},  # type: ignore[operator]
            "openova:witnesses[0].networks.mesh",
            "overlaps",
        ),
    ],
)
def test_a_wrong_line_is_refused_with_its_key(tmp_path: Path, setting: str, given: Any, key: str, rule: str) -> None:
    root = copy_project(tmp_path)
    witness(root)
    edit(root / "Pulumi.yaml", f"config.witnesses.value.0.{setting}", given)
    assert [p for p in problems(root) if p.key == key and rule in p.rule]


def test_even_votes_with_it_are_refused(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    witness(root)
    edit(root / "Pulumi.yaml", "config.regions.value.0.mongodb.priorities", [10, 9, 8])
    assert [p.key for p in problems(root)] == ["openova:regions[*].mongodb.priorities"]


def test_it_is_refused_where_there_is_nothing_to_vote_on(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    witness(root)
    share(root, "mongodb.enabled", False)
    assert "openova:witnesses" in [p.key for p in problems(root)]


def test_its_file_says_that_it_is_one(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    witness(root)
    edit(root / "Pulumi.sg.yaml", ["config", "openova:kind"], "region")
    assert "openova:kind" in [p.key for p in problems(root)]
    (root / "Pulumi.sg.yaml").unlink()
    assert "(whole file)" in [p.key for p in problems(root)]


def test_mongodb_of_the_union_is_not_copied_to_a_witness_outside_of_it(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    witness(root)
    share(root, "residency.mongodb", "eu")
    rules = [p.rule for p in problems(root) if p.key == "openova:residency.mongodb"]
    assert any("region sg is in SG" in rule for rule in rules)


def test_an_even_number_of_servers_is_refused_there_too(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    witness(root)
    edit(root / "Pulumi.yaml", "config.witnesses.value.0.nodes", ["contabo-sg-1", "contabo-sg-2"])
    node = value(root / "Pulumi.sg.yaml", ["config", "openova:nodes", "contabo-sg-1"])
    edit(root / "Pulumi.sg.yaml", ["config", "openova:nodes", "contabo-sg-2"], node | {"address": "192.0.2.12"})
    assert only_problem(root, "Pulumi.sg.yaml", "openova:nodes[*].role")
