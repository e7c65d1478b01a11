"""What a region has to do and what it refuses, over every order of two and three regions and of epochs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations, product
from typing import Any

import pytest

from regions.roles import PastRole, Role, refusal, role_of
from settings.loader import inspect_project
from settings.platform import Authority, Platform
from settings.project import read_project
from tests.projects import ROOT


def committed() -> Platform:
    platform = inspect_project(read_project(ROOT)).platform
    assert platform is not None
    return platform


PLATFORM = committed()
ORDERS = [order for count in (2, 3) for order in permutations(("eu", "in", "sg")[:count])]


def platform(
    codes: Iterable[str] = ("eu", "in"),
    *,
    generations: dict[str, int] | None = None,
    phase: str = "read-replicas",
    **record: Any,
) -> Platform:
    """A platform of these regions with this authority record."""
    template = PLATFORM.regions[0]
    lines = [
        template.model_copy(
            update={
                "code": code,
                "postgres": template.postgres.model_copy(update={"generation": (generations or {}).get(code, 1)}),
            }
        )
        for code in codes
    ]
    return PLATFORM.model_copy(update={"regions": tuple(lines), "phase": phase, "authority": Authority(**record)})


def past_of(role: Role) -> PastRole:
    return PastRole(role.epoch, role.generation, role.writes)


def refused(code: str, past: PastRole | None, now: Platform) -> str | None:
    return refusal(code, role_of(code, now), past, now.authority)


def world_of(settings: Platform) -> dict[str, PastRole]:
    """All regions after they have carried out this record."""
    return {code: past_of(role_of(code, settings)) for code in settings.codes}


def bring_up(world: dict[str, PastRole], now: Platform, order: Iterable[str]) -> None:
    """Bring the regions up in this order; each must be allowed to."""
    for code in order:
        assert refused(code, world.get(code), now) is None
        world[code] = past_of(role_of(code, now))


def writers(world: dict[str, PastRole]) -> list[str]:
    return [code for code, past in world.items() if past.writes]


def test_in_epoch_1_the_primary_writes_and_the_others_follow_it() -> None:
    now = platform(("eu", "in", "sg"), primary="eu", epoch=1)
    assert role_of("eu", now) == Role("primary", 1, 1)
    assert role_of("in", now) == role_of("sg", now) == Role("replica", 1, 1, follows="eu")


def test_in_a_switchover_the_previous_primary_hands_over_and_the_new_one_waits_for_it() -> None:
    now = platform(("eu", "in", "sg"), primary="in", previous="eu", epoch=2, change="switchover")
    assert role_of("eu", now) == Role("replica", 2, 1, hands_over=True, follows="in")
    assert role_of("in", now) == Role("primary", 2, 1, takes_over_from="eu")
    assert role_of("sg", now) == Role("replica", 2, 1, follows="in")


def test_in_a_failover_nobody_hands_over_and_nobody_waits() -> None:
    now = platform(primary="in", previous="eu", epoch=2, change="failover", generations={"eu": 2})
    assert role_of("in", now) == Role("primary", 2, 1)
    assert role_of("eu", now) == Role("replica", 2, 2, follows="in")


@pytest.mark.parametrize("phase", ["single", "active-active"])
def test_where_nothing_is_replicated_every_region_writes_for_itself(phase: str) -> None:
    now = platform(phase=phase, primary="eu", epoch=1)
    assert [role_of(code, now) for code in now.codes] == [Role("standalone", 1, 1)] * 2
    assert role_of("in", now).writes


def test_the_epoch_names_the_region_that_carries_it_out() -> None:
    with pytest.raises(LookupError, match="'us'"):
        role_of("us", platform(primary="eu", epoch=1))


FIRST: dict[str, Any] = {"primary": "eu", "epoch": 1}
TO_INDIA: dict[str, Any] = {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"}
HOME_AGAIN: dict[str, Any] = {"primary": "eu", "previous": "in", "epoch": 3, "change": "switchover"}
LOST_EU: dict[str, Any] = {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"}


@pytest.mark.parametrize("order", ORDERS)
def test_regions_start_in_any_order(order: tuple[str, ...]) -> None:
    world: dict[str, PastRole] = {}
    now = platform(sorted(order), **FIRST)
    bring_up(world, now, order)
    bring_up(world, now, reversed(order))
    assert writers(world) == ["eu"]


@pytest.mark.parametrize(("there", "back"), [*product(permutations(("eu", "in")), repeat=2)])
def test_two_regions_switch_over_and_home_again_in_any_order(there: tuple[str, ...], back: tuple[str, ...]) -> None:
    world = world_of(platform(**FIRST))
    bring_up(world, platform(**TO_INDIA), there)
    assert writers(world) == ["in"]
    bring_up(world, platform(**HOME_AGAIN), back)
    assert writers(world) == ["eu"]


@pytest.mark.parametrize(("there", "back"), [*product(permutations(("eu", "in", "sg")), repeat=2)])
def test_three_regions_switch_over_and_home_again_in_any_order(there: tuple[str, ...], back: tuple[str, ...]) -> None:
    codes = ("eu", "in", "sg")
    world = world_of(platform(codes, **FIRST))
    bring_up(world, platform(codes, **TO_INDIA), there)
    bring_up(world, platform(codes, **HOME_AGAIN), back)
    assert writers(world) == ["eu"]


@pytest.mark.parametrize("order", [*permutations(("eu", "in", "sg"))])
def test_the_primary_goes_round_three_regions(order: tuple[str, ...]) -> None:
    codes = ("eu", "in", "sg")
    world = world_of(platform(codes, **FIRST))
    for epoch, (previous, primary) in enumerate([("eu", "in"), ("in", "sg"), ("sg", "eu")], start=2):
        now = platform(codes, primary=primary, previous=previous, epoch=epoch, change="switchover")
        bring_up(world, now, order)
        assert writers(world) == [primary]


@pytest.mark.parametrize("order", [*permutations(("eu", "in", "sg"))])
def test_a_lost_region_rejoins_as_a_new_copy_whenever_it_comes_back(order: tuple[str, ...]) -> None:
    codes = ("eu", "in", "sg")
    world = world_of(platform(codes, **FIRST))
    bring_up(world, platform(codes, **LOST_EU, generations={"eu": 2}), order)
    assert writers(world) == ["in"]
    assert world["eu"].generation == 2
    bring_up(world, platform(codes, **HOME_AGAIN, generations={"eu": 2}), order)
    assert writers(world) == ["eu"]


def test_a_lost_region_may_rejoin_several_epochs_later() -> None:
    codes = ("eu", "in", "sg")
    past = world_of(platform(codes, **FIRST))["eu"]
    later = platform(codes, primary="sg", previous="in", epoch=3, change="switchover", generations={"eu": 2})
    assert refused("eu", past, later) is None


def test_a_failover_back_discards_the_other_copy() -> None:
    world = world_of(platform(**FIRST))
    bring_up(world, platform(**LOST_EU, generations={"eu": 2}), ("in", "eu"))
    lost_india: dict[str, Any] = {"primary": "eu", "previous": "in", "epoch": 3, "change": "failover"}
    bring_up(world, platform(**lost_india, generations={"eu": 2, "in": 3}), ("eu", "in"))
    assert writers(world) == ["eu"]


def test_a_region_without_a_past_may_take_any_role() -> None:
    for record in (FIRST, TO_INDIA, LOST_EU):
        assert refused("eu", None, platform(**record)) is None


@pytest.mark.parametrize("code", ["eu", "in"])
@pytest.mark.parametrize("record", [FIRST, TO_INDIA])
def test_a_record_of_an_older_epoch_is_refused(code: str, record: dict[str, Any]) -> None:
    past = world_of(platform(**HOME_AGAIN))[code]
    reason = refused(code, past, platform(**record))
    assert reason is not None
    assert "older than epoch 3" in reason
    assert "git pull" in reason


@pytest.mark.parametrize("code", ["eu", "in"])
def test_another_role_in_the_same_epoch_is_refused(code: str) -> None:
    past = world_of(platform(**FIRST))[code]
    reason = refused(code, past, platform(primary="in", epoch=1))
    assert reason is not None
    assert "Raise `epoch` by one" in reason
    assert ("primary" if code == "eu" else "replica") in reason


@pytest.mark.parametrize("code", ["eu", "in"])
def test_the_same_record_again_is_carried_out_again(code: str) -> None:
    for record in (FIRST, TO_INDIA, HOME_AGAIN):
        now = platform(**record)
        assert refused(code, world_of(now)[code], now) is None


def test_a_former_primary_that_was_not_discarded_is_not_made_a_replica_by_a_failover() -> None:
    past = world_of(platform(**FIRST))["eu"]
    reason = refused("eu", past, platform(**LOST_EU))
    assert reason is not None
    assert "previous: eu, epoch: 2" in reason
    assert "generation: 2 and cloneFrom: in" in reason


def test_a_former_primary_that_slept_through_its_handover_is_not_made_a_replica() -> None:
    codes = ("eu", "in", "sg")
    past = world_of(platform(codes, **FIRST))["eu"]
    later = platform(codes, primary="sg", previous="in", epoch=3, change="switchover")
    assert refused("eu", past, later) is not None
    assert refused("eu", past, later.model_copy(update={"authority": Authority(**HOME_AGAIN)})) is None


def test_a_handover_that_skips_an_epoch_is_refused() -> None:
    past = world_of(platform(**FIRST))["eu"]
    assert refused("eu", past, platform(**TO_INDIA | {"epoch": 3})) is not None


def test_a_region_that_did_not_write_has_nothing_to_hand_over() -> None:
    codes = ("eu", "in", "sg")
    past = world_of(platform(codes, **FIRST))["sg"]
    reason = refused("sg", past, platform(codes, primary="in", previous="sg", epoch=2, change="switchover"))
    assert reason is not None
    assert "nothing to hand over" in reason


def test_a_copy_that_is_to_be_discarded_is_not_handed_over() -> None:
    past = world_of(platform(**FIRST))["eu"]
    reason = refused("eu", past, platform(**TO_INDIA, generations={"eu": 2}))
    assert reason is not None
    assert "its copy is to be discarded" in reason


def test_a_discarded_copy_does_not_come_back() -> None:
    past = world_of(platform(**LOST_EU, generations={"eu": 2}))["eu"]
    reason = refused("eu", past, platform(**HOME_AGAIN))
    assert reason is not None
    assert "Set generation: 2" in reason


@pytest.mark.parametrize(("code", "refuses"), [("eu", False), ("in", True)])
def test_a_replica_does_not_leave_the_replication_by_a_change_of_phase(code: str, refuses: bool) -> None:
    past = world_of(platform(**FIRST))[code]
    assert (refused(code, past, platform(phase="active-active", **FIRST)) is not None) is refuses


EDITS: list[dict[str, Any]] = [
    {"primary": primary, "previous": previous, "epoch": epoch, "change": change}
    for primary, previous in permutations(("eu", "in", "sg"), 2)
    for epoch in (2, 3)
    for change in ("switchover", "failover")
]


@pytest.mark.parametrize("record", EDITS, ids=str)
def test_whatever_is_edited_a_region_that_wrote_steps_down_by_handover_or_new_copy_only(
    record: dict[str, Any],
) -> None:
    codes = ("eu", "in", "sg")
    past = world_of(platform(codes, **FIRST))["eu"]
    for generation in (1, 2):
        now = platform(codes, **record, generations={"eu": generation})
        role = role_of("eu", now)
        if refused("eu", past, now) is None and not role.writes:
            handed_over = record["change"] == "switchover" and record["previous"] == "eu" and record["epoch"] == 2
            assert handed_over or generation == 2
