"""Mistakes in the list of regions: each is planted alone and must be found alone."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from tests.projects import SHARED, copy_project, edit, only_problem, problems, remove, share, value


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


def one_region(root: Path) -> None:
    """Leave Europe alone, and nothing that names India; the load balancer goes too."""
    share(root, "regions", value(root / SHARED, "config.regions.value")[:1])
    for index, row in enumerate(value(root / SHARED, "config.latency.value")):
        edit(root / SHARED, f"config.latency.value.{index}.rtt", {"eu": row["rtt"]["eu"]})
    share(root, "edge.mode", "records")
    (root / "Pulumi.in.yaml").unlink()


def test_the_committed_files_have_no_problem(root: Path) -> None:
    assert problems(root) == ()


@pytest.mark.parametrize(
    ("setting", "given", "what"),
    [("name", "europe", "name"), ("postgres.cluster", "postgresql", "postgres.cluster")],
)
def test_no_two_regions_have_the_same_name(root: Path, setting: str, given: str, what: str) -> None:
    share(root, f"regions.1.{setting}", given)
    assert f"The {what} {given!r} stands more than once" in only_problem(root, SHARED, "openova:regions").rule


def test_no_two_regions_have_the_same_code(root: Path) -> None:
    one_region(root)
    share(root, "phase", "read-replicas")
    lines = value(root / SHARED, "config.regions.value")
    twin = {**lines[0], "name": "twin", "nodes": ["twin-1"], "mongodb": {"priorities": []}}
    twin["networks"] = {"pods": "10.44.0.0/16", "services": "10.45.0.0/16", "mesh": "10.99.2.0/24"}
    twin["postgres"] = {"cluster": "twin", "cloneFrom": "eu"}
    share(root, "regions", [*lines, twin])
    rules = [problem.rule for problem in problems(root)]
    assert "The code 'eu' stands more than once." in rules


def test_no_two_regions_have_a_node_of_the_same_name(root: Path) -> None:
    share(root, "regions.1.nodes.0", "contabo-eu-1")
    nodes = value(root / "Pulumi.in.yaml", "config.openova:nodes")
    nodes["contabo-eu-1"] = nodes.pop("contabo-in-1")
    edit(root / "Pulumi.in.yaml", "config.openova:nodes", nodes)
    assert "'contabo-eu-1'" in only_problem(root, SHARED, "openova:regions").rule


def test_a_node_that_is_listed_twice_in_one_region_is_one_mistake(root: Path) -> None:
    share(root, "regions.1.nodes", ["contabo-in-1", "contabo-in-1", "contabo-in-2", "contabo-in-3"])
    assert "'contabo-in-1'" in only_problem(root, SHARED, "openova:regions").rule


def test_no_two_nodes_of_a_region_end_in_the_same_number(root: Path) -> None:
    share(root, "regions.0.nodes.1", "spare-eu-1")
    nodes = value(root / "Pulumi.eu.yaml", "config.openova:nodes")
    nodes["spare-eu-1"] = nodes.pop("contabo-eu-2")
    edit(root / "Pulumi.eu.yaml", "config.openova:nodes", nodes)
    assert "number 1" in only_problem(root, SHARED, "openova:regions[0].nodes").rule


@pytest.mark.parametrize(
    ("region", "block", "given", "other"),
    [
        (1, "pods", "10.42.0.0/16", "pods of eu"),
        (1, "services", "10.43.0.0/16", "services of eu"),
        (1, "mesh", "10.99.1.0/24", "mesh of eu"),
        (1, "services", "10.42.128.0/20", "pods of eu"),
        (1, "mesh", "10.42.7.0/24", "pods of eu"),
        (0, "services", "10.42.0.0/20", "pods of eu"),
    ],
)
def test_no_two_blocks_of_any_region_share_an_address(
    root: Path, region: int, block: str, given: str, other: str
) -> None:
    share(root, f"regions.{region}.networks.{block}", given)
    rule = only_problem(root, SHARED, f"openova:regions[{region}].networks.{block}").rule
    assert given in rule
    assert other in rule


def test_the_mesh_has_an_address_for_the_highest_node_number(root: Path) -> None:
    share(root, "regions.1.networks.mesh", "10.99.2.0/30")
    assert "number 3" in only_problem(root, SHARED, "openova:regions[1].networks.mesh").rule
    share(root, "regions.1.networks.mesh", "10.99.2.0/29")
    assert problems(root) == ()


def test_a_node_number_is_never_the_broadcast_address_of_its_mesh(root: Path) -> None:
    share(root, "regions.1.networks.mesh", "10.99.2.0/29")
    share(root, "regions.1.nodes.2", "contabo-in-7")
    nodes = value(root / "Pulumi.in.yaml", "config.openova:nodes")
    nodes["contabo-in-7"] = nodes.pop("contabo-in-3")
    edit(root / "Pulumi.in.yaml", "config.openova:nodes", nodes)
    assert str(IPv4Network("10.99.2.0/29").broadcast_address) == "10.99.2.7"
    only_problem(root, SHARED, "openova:regions[1].networks.mesh")


@pytest.mark.parametrize("mode", ["load-balancer", "records"])
def test_phase_single_is_for_one_region(root: Path, mode: str) -> None:
    share(root, "phase", "single")
    share(root, "edge.mode", mode)
    assert "single does not go with 2 region(s)" in only_problem(root, SHARED, "openova:phase").rule


@pytest.mark.parametrize("phase", ["read-replicas", "active-active"])
def test_replication_needs_two_regions(root: Path, phase: str) -> None:
    one_region(root)
    share(root, "phase", phase)
    only_problem(root, SHARED, "openova:phase")


@pytest.mark.parametrize("mode", ["records", "tunnel"])
def test_one_region_alone_is_a_whole_system(root: Path, mode: str) -> None:
    one_region(root)
    share(root, "phase", "single")
    share(root, "edge.mode", mode)
    assert problems(root) == ()


def test_one_region_has_nothing_to_balance(root: Path) -> None:
    one_region(root)
    share(root, "phase", "single")
    share(root, "edge.mode", "load-balancer")
    only_problem(root, SHARED, "openova:edge.mode")


def test_the_community_operator_cannot_span_regions(root: Path) -> None:
    share(root, "mongodb.operator", "community")
    only_problem(root, SHARED, "openova:mongodb.operator")


def test_the_community_operator_works_in_one_region(root: Path) -> None:
    one_region(root)
    share(root, "phase", "single")
    share(root, "mongodb.operator", "community")
    assert problems(root) == ()


VOTERS = "openova:regions[*].mongodb.priorities"


@pytest.mark.parametrize(
    ("europe", "india", "rule"),
    [
        ([10, 9, 8, 7, 6], [5, 4, 3], "8 voting members; a replica set has at most 7"),
        ([10, 9, 8, 7, 6], [5, 4, 3, 2], "9 voting members; a replica set has at most 7"),
        ([10, 9], [5, 4], "4 voting members, an even number"),
        ([], [], "0 voting members"),
        ([0, 0, 0], [0, 0], "Every member has priority 0"),
    ],
)
def test_voters_that_could_not_elect_a_primary_are_refused(
    root: Path, europe: list[int], india: list[int], rule: str
) -> None:
    share(root, "regions.0.mongodb.priorities", europe)
    share(root, "regions.1.mongodb.priorities", india)
    assert rule in only_problem(root, SHARED, VOTERS).rule


def test_a_region_has_no_lone_voter(root: Path) -> None:
    share(root, "regions.0.mongodb.priorities", [10, 9, 8, 7])
    share(root, "regions.1.mongodb.priorities", [5])
    assert "in has one voting member" in only_problem(root, SHARED, VOTERS).rule


@pytest.mark.parametrize(("europe", "india"), [([10, 9, 8, 7], [5, 4, 3]), ([10, 9, 8], []), ([5, 5], [0, 0, 0])])
def test_up_to_seven_voters_may_stand_anywhere(root: Path, europe: list[int], india: list[int]) -> None:
    share(root, "regions.0.mongodb.priorities", europe)
    share(root, "regions.1.mongodb.priorities", india)
    assert problems(root) == ()


def test_without_mongodb_its_voters_do_not_matter(root: Path) -> None:
    share(root, "mongodb.enabled", False)
    share(root, "regions.0.mongodb.priorities", [])
    share(root, "regions.1.mongodb.priorities", [])
    assert problems(root) == ()


def test_a_priority_is_within_the_limits_of_mongodb(root: Path) -> None:
    share(root, "regions.0.mongodb.priorities", [1001, 9, 8])
    only_problem(root, SHARED, "openova:regions[0].mongodb.priorities")


@pytest.mark.parametrize("dataset", ["postgresql", "mongodb"])
def test_data_of_the_union_is_not_replicated_out_of_it(root: Path, dataset: str) -> None:
    share(root, f"residency.{dataset}", "eu")
    share(root, "backups.bucket.jurisdiction", "eu")
    assert "region in is in IN" in only_problem(root, SHARED, f"openova:residency.{dataset}").rule


@pytest.mark.parametrize("datasets", [["postgresql"], ["mongodb"], ["postgresql", "mongodb"]])
def test_data_of_the_union_is_not_backed_up_outside_of_it(root: Path, datasets: list[str]) -> None:
    for dataset in datasets:
        share(root, f"residency.{dataset}", "eu")
    share(root, "regions.1.country", "FR")
    rule = only_problem(root, SHARED, "openova:backups.bucket.jurisdiction").rule
    assert all(dataset in rule for dataset in datasets)
    share(root, "backups.bucket.jurisdiction", "eu")
    assert problems(root) == ()


def test_without_backups_the_bucket_does_not_matter(root: Path) -> None:
    share(root, "residency.postgresql", "eu")
    share(root, "regions.1.country", "FR")
    share(root, "backups.enabled", False)
    assert problems(root) == ()


def test_mongodb_of_the_union_may_leave_the_other_region_without_a_voter(root: Path) -> None:
    share(root, "residency.mongodb", "eu")
    share(root, "backups.bucket.jurisdiction", "eu")
    share(root, "regions.1.mongodb.priorities", [])
    assert problems(root) == ()


@pytest.mark.parametrize(
    ("setting", "given", "key"),
    [
        ("latency.0.rtt", {"eu": [20, 50], "in": [150, 200], "mars": [4999, 5000]}, "openova:latency[0].rtt"),
        ("edge.drained", ["mars"], "openova:edge.drained"),
        ("regions.1.postgres.cloneFrom", "mars", "openova:regions[1].postgres.cloneFrom"),
    ],
)
def test_what_names_a_region_names_one_of_the_list(root: Path, setting: str, given: Any, key: str) -> None:
    share(root, setting, given)
    assert "'mars'" in only_problem(root, SHARED, key).rule


@pytest.mark.parametrize(
    ("setting", "given", "rule"),
    [
        ("regions.0.country", "EU", "'EU' is not a known ISO 3166-1 country code"),
        ("latency.2.countries", ["UK"], "'UK' is not a known ISO 3166-1 country code"),
        ("latency.0.regions", ["EUROPE"], "'EUROPE' is not a known Cloudflare region code"),
        ("latency.0.pops", ["XXX"], "'XXX' is not a known Cloudflare PoP"),
        ("edge.monitor.checkRegions", ["ALL"], "'ALL' is not a known Cloudflare region code"),
        ("regions.1.code", "India", "'India' is not a region code"),
    ],
)
def test_a_code_of_a_place_is_one_that_exists(root: Path, setting: str, given: Any, rule: str) -> None:
    share(root, setting, given)
    found = problems(root)
    assert [problem.file for problem in found] == [SHARED]
    assert rule in found[0].rule
    assert found[0].consequence
    assert found[0].fix


def test_every_code_that_is_wrong_is_told_with_its_index(root: Path) -> None:
    share(root, "latency.0.pops", ["FRA", "XXX", "YYY"])
    assert [problem.key for problem in problems(root)] == ["openova:latency[0].pops[1]", "openova:latency[0].pops[2]"]


def test_a_round_trip_time_has_its_lowest_value_first(root: Path) -> None:
    share(root, "latency.0.rtt.eu", [50, 20])
    assert "upside down" in only_problem(root, SHARED, "openova:latency[0].rtt").rule


def test_a_region_line_needs_its_networks(root: Path) -> None:
    remove(root / SHARED, "config.regions.value.1.networks")
    assert only_problem(root, SHARED, "openova:regions[1].networks").rule == "'networks' is required."
