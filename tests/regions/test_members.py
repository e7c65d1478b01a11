"""Who votes with which priority, and who manages the set, as pure functions of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.mongodb.members import votes_granted
from regions.members import all_members, managing_region, priorities_of
from settings.loader import load_project
from settings.platform import Authority, Platform, RegionMongodb
from tests.projects import ROOT, copy_project
from tests.variants import witness

ORIGIN = {"primary": "eu", "epoch": 1}
SWITCHED = {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"}
LOST = {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"}


def platform_of(root: Path = ROOT) -> Platform:
    return load_project(root).platform


PLATFORM = platform_of()


@pytest.fixture(scope="module")
def two() -> Platform:
    return PLATFORM


@pytest.fixture(scope="module")
def three_sites(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    root = copy_project(tmp_path_factory.mktemp("witness"))
    witness(root)
    return platform_of(root)


def under(platform: Platform, record: dict[str, object]) -> Platform:
    return platform.model_copy(update={"authority": Authority.model_validate(record)})


def dealt(platform: Platform) -> dict[str, tuple[int, ...]]:
    return {code: priorities_of(platform, code) for code in platform.site_codes}


def test_at_first_the_priorities_are_those_of_the_decision(two: Platform) -> None:
    assert dealt(under(two, ORIGIN)) == {"eu": (10, 9, 8), "in": (5, 4)}


def test_after_a_switchover_the_same_numbers_put_the_new_region_first(two: Platform) -> None:
    assert dealt(under(two, SWITCHED)) == {"eu": (8, 5, 4), "in": (10, 9)}


def test_a_failover_without_a_majority_leaves_priorities_and_management_alone(two: Platform) -> None:
    after = under(two, LOST)
    assert managing_region(after) == "eu"
    assert dealt(after) == {"eu": (10, 9, 8), "in": (5, 4)}


def test_a_failover_with_a_witness_moves_both_and_the_witness_keeps_its_own(three_sites: Platform) -> None:
    after = under(three_sites, LOST)
    assert managing_region(after) == "in"
    assert dealt(after) == {"eu": (5, 4), "in": (10, 9), "sg": (1,)}


@given(
    layout=st.lists(st.lists(st.integers(0, 1000), max_size=4), min_size=2, max_size=2),
    primary=st.sampled_from(["eu", "in"]),
)
def test_priorities_are_dealt_out_and_none_is_lost(layout: list[list[int]], primary: str) -> None:
    platform = layout_of(layout, primary)
    after = dealt(platform)
    assert [len(after["eu"]), len(after["in"])] == [len(part) for part in layout]
    assert sorted(after["eu"] + after["in"]) == sorted([*layout[0], *layout[1]])
    other = "in" if primary == "eu" else "eu"
    if after[primary] and after[other]:
        assert min(after[primary]) >= max(after[other])


@given(
    counts=st.tuples(*[st.sampled_from([0, 2, 3, 4, 5])] * 2).filter(lambda c: sum(c) % 2 == 1 and sum(c) <= 7),
    primary=st.sampled_from(["eu", "in"]),
)
def test_the_operator_grants_exactly_the_votes_of_the_settings(counts: tuple[int, int], primary: str) -> None:
    """Where the managing region has a voter: it writes the configuration."""
    platform = layout_of([[1] * count for count in counts], primary)
    if not platform.region(primary).mongodb.priorities:
        return
    members = all_members(platform, local=primary)
    assert sum(votes_granted(members)) == sum(counts)
    assert [m.votes for m in members if not m.local] == [
        granted for m, granted in zip(members, votes_granted(members), strict=True) if not m.local
    ]


def layout_of(layout: Sequence[Sequence[int]], primary: str) -> Platform:
    """The committed platform with these priorities; in epoch 1 that region writes."""
    platform = PLATFORM
    lines = tuple(
        line.model_copy(update={"mongodb": RegionMongodb(priorities=tuple(part))})
        for line, part in zip(platform.regions, layout, strict=True)
    )
    return platform.model_copy(update={"regions": lines, "authority": Authority(primary=primary, epoch=1)})
