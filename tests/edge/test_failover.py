"""What users get while nodes and regions fail, by the program's own resources."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from components.edge.steering import worst_case_detection_seconds
from settings.tiers import PlanTier
from tests.edge.world import World, world_in
from tests.projects import share

pytestmark = pytest.mark.edge

WORST = worst_case_detection_seconds(interval=60, timeout=5, retries=2)
NEAREST = {"FRA": "europe-pool", "WAW": "europe-pool", "DXB": "india-pool", "BOM": "india-pool", "SIN": "india-pool"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The committed configuration, brought up, checked for two minutes."""
    with world_in(tmp_path, lambda root: share(root, "edge.notifications.email", "ops@example.org")) as world:
        world.up()
        world.edge.advance(120)
        yield world


def pools(world: World) -> dict[str, str]:
    return {pop: world.pool_of(pop) for pop in NEAREST}


def events(world: World) -> list[tuple[str, bool]]:
    return [(origin, healthy) for _, _, origin, healthy in world.edge.health.events]


def test_nothing_changes_while_every_node_is_healthy(world: World) -> None:
    world.edge.advance(3600)
    assert pools(world) == NEAREST
    assert world.edge.health.events == []
    assert set(world.nodes["contabo-eu-1"].hosts) <= {"api.openova.io"}, "checks ask under the host's name"


@pytest.mark.parametrize(("dead", "other"), [("eu", "india-pool"), ("in", "europe-pool")])
def test_with_a_region_dead_everybody_is_in_the_other_one_within_the_computed_worst_case(
    world: World, dead: str, other: str
) -> None:
    world.cut(dead)
    world.edge.advance(WORST)
    assert set(pools(world).values()) == {other}
    assert not world.get("FRA").again, "by health, not by a second try"
    world.heal(dead)
    world.edge.advance(WORST)
    assert pools(world) == NEAREST


@pytest.mark.parametrize("interval", [15, 30, 60])
def test_the_computed_worst_case_holds_wherever_between_two_checks_a_region_fails(
    tmp_path: Path, interval: int
) -> None:
    worst = worst_case_detection_seconds(interval=interval, timeout=5, retries=2)
    change = partial(share, key="edge.monitor.interval", value=interval)
    with world_in(tmp_path, change, plan=PlanTier.BUSINESS) as world:
        world.up()
        for tenth in range(10):
            world.edge.advance(interval * (3 + tenth / 10))
            assert world.pool_of("BOM") == "india-pool"
            world.cut("in")
            world.edge.advance(worst)
            assert world.pool_of("BOM") == "europe-pool"
            world.heal("in")


@pytest.mark.parametrize("dead", ["eu", "in"])
def test_until_a_dead_region_is_detected_requests_are_tried_once_more(world: World, dead: str) -> None:
    world.cut(dead)
    refused = [world.get(pop).status for pop in NEAREST for _ in range(20)]
    # Two of three second tries go to another dead node of the pool, which is healthy as far as anybody knows.
    assert set(refused) <= {200, 522}
    assert 522 in refused


def test_a_region_that_refuses_is_detected_without_waiting_for_retries(world: World) -> None:
    for code in (1, 2, 3):
        world.nodes[f"contabo-in-{code}"].status = 503
    world.edge.advance(60 + 5 + 1)
    assert set(pools(world).values()) == {"europe-pool"}
    sample = world.account.health_of(
        next(p for p in world.account.tables["pools"].values() if p["name"] == "india-pool")
    )
    reasons = {said["failure_reason"] for origin in sample["WEU"]["origins"] for said in origin.values()}
    assert reasons == {"Response code mismatch error"}


def test_with_both_regions_dead_users_get_the_fallback_and_an_honest_error(world: World) -> None:
    world.cut("eu", "in")
    world.edge.advance(WORST)
    for pop in NEAREST:
        served = world.get(pop)
        assert (served.status, served.pool, served.fallback) == (522, "europe-pool", True)
    world.heal("in")
    world.edge.advance(WORST)
    assert set(pools(world).values()) == {"india-pool"}


def test_with_one_origin_dead_its_pool_serves_on_without_it(world: World) -> None:
    world.cut("contabo-eu-2")
    world.edge.advance(WORST)
    assert pools(world) == NEAREST
    served = {world.get("FRA").origin for _ in range(60)}
    assert served == {"contabo-eu-1", "contabo-eu-3"}
    assert not any(world.get("FRA").again for _ in range(20))


def test_the_last_living_origin_of_a_pool_serves_alone(world: World) -> None:
    world.cut("contabo-in-1", "contabo-in-3")
    world.edge.advance(WORST)
    assert pools(world) == NEAREST
    assert {world.get("BOM").origin for _ in range(20)} == {"contabo-in-2"}


def test_a_request_that_meets_the_dead_origin_before_it_is_detected_is_tried_at_another(world: World) -> None:
    world.cut("contabo-eu-2")
    answers = [world.get("FRA") for _ in range(60)]
    assert {one.status for one in answers} == {200}
    assert {one.again for one in answers} == {True, False}


def test_a_flapping_node_moves_between_in_and_out_and_its_pool_stays(world: World) -> None:
    for _ in range(4):
        world.cut("contabo-eu-1")
        world.edge.advance(WORST)
        assert world.pool_of("FRA") == "europe-pool"
        world.heal("contabo-eu-1")
        world.edge.advance(WORST)
    assert events(world) == [("contabo-eu-1", False), ("contabo-eu-1", True)] * 4


def test_a_node_that_fails_for_less_than_a_retry_is_not_thrown_out(world: World) -> None:
    for _ in range(120):
        world.cut("eu")
        world.edge.advance(4)
        world.heal("eu")
        world.edge.advance(6)
    assert world.edge.health.events == []


def test_checks_that_fail_from_one_region_of_three_change_nothing(tmp_path: Path) -> None:
    regions = ["WEU", "ME", "SAS"]
    with world_in(tmp_path, lambda root: share(root, "edge.monitor.checkRegions", regions)) as world:
        world.up()
        world.edge.advance(120)
        for node in world.nodes.values():
            world.edge.network.cut(node.address, "ME")
        world.edge.advance(600)
        assert world.edge.health.events == []
        for name in ("contabo-in-1", "contabo-in-2", "contabo-in-3"):
            world.edge.network.cut(world.nodes[name].address, "SAS")
        world.edge.advance(WORST)
        assert world.pool_of("BOM") == "europe-pool", "two of three regions no longer reach India"


def test_those_who_are_named_hear_of_pools_both_ways_and_of_origins_that_fail(world: World) -> None:
    world.cut("in")
    world.edge.advance(WORST)
    world.heal("in")
    world.edge.advance(WORST)
    told = [(one.pool, one.origin, one.health) for one in world.edge.health.notices]
    assert {one.emails for one in world.edge.health.notices} == {("ops@example.org",)}
    assert [one for one in told if not one[1]] == [("india-pool", "", "Unhealthy"), ("india-pool", "", "Healthy")]
    assert {one[1:] for one in told if one[1]} == {(f"contabo-in-{n}", "Unhealthy") for n in (1, 2, 3)}


def test_a_new_monitor_does_not_forget_what_is_dead(world: World) -> None:
    world.cut("eu")
    world.edge.advance(WORST)
    share(world.root, "edge.monitor.timeout", 3)
    assert any("update" in step for step in world.up())
    before = events(world)
    world.edge.advance(600)
    assert events(world) == before, "not even for a moment"
    assert set(pools(world).values()) == {"india-pool"}


def test_the_same_minutes_pass_the_same_way_twice(tmp_path: Path) -> None:
    def minutes(folder: Path) -> list[tuple[float, str, str, bool]]:
        with world_in(folder) as world:
            world.up()
            world.edge.advance(120)
            world.cut("in")
            world.edge.advance(WORST)
            return world.edge.health.events

    first = minutes(tmp_path / "one")
    assert len(first) == 3
    assert first == minutes(tmp_path / "two")
