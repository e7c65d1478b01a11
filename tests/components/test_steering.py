from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.edge.steering import (
    LatencyRow,
    Mode,
    SteeredRegion,
    Steering,
    midpoint,
    nearest_first,
    steer,
    worst_case_detection_seconds,
)
from settings.tiers import PlanTier

EU, IN = SteeredRegion(code="eu"), SteeredRegion(code="in")
MATRIX = (
    LatencyRow(
        location="Western Europe",
        rtt={"eu": (20, 50), "in": (150, 200)},
        regions=("WEU",),
        countries=("FR", "GB", "NL"),
        pops=("FRA", "AMS", "LHR", "CDG"),
    ),
    LatencyRow(location="Eastern Europe", rtt={"eu": (40, 80), "in": (120, 180)}, regions=("EEU",)),
    LatencyRow(
        location="Middle East (UAE)",
        rtt={"eu": (100, 150), "in": (50, 80)},
        regions=("ME",),
        countries=("AE",),
        pops=("DXB",),
    ),
    LatencyRow(
        location="India",
        rtt={"eu": (150, 200), "in": (20, 50)},
        regions=("SAS",),
        countries=("IN",),
        pops=("BOM", "DEL"),
    ),
    LatencyRow(location="Southeast Asia", rtt={"eu": (200, 250), "in": (80, 120)}, regions=("SEAS",), pops=("SIN",)),
)


def adr(mode: Mode = "auto", tier: PlanTier = PlanTier.PRO) -> Steering:
    return steer(MATRIX, [EU, IN], primary="eu", tier=tier, mode=mode)


def areas(steering: Steering) -> dict[str, tuple[str, ...]]:
    return {**steering.pop_pools, **steering.country_pools, **steering.region_pools}


def test_the_five_winners_of_the_decision_come_out() -> None:
    assert adr().problems == ()
    assert adr().winners == {
        "Western Europe": "eu",
        "Eastern Europe": "eu",
        "Middle East (UAE)": "in",
        "India": "in",
        "Southeast Asia": "in",
    }


def test_without_enterprise_auto_steers_by_region_and_lists_both_regions_everywhere() -> None:
    steering = adr()
    assert steering.policy == "geo"
    assert steering.region_pools == {
        "WEU": ("eu", "in"), "EEU": ("eu", "in"),
        "ME": ("in", "eu"), "SAS": ("in", "eu"), "SEAS": ("in", "eu"),
    }  # fmt: skip
    assert steering.pop_pools == steering.country_pools == {}
    assert (steering.default_order, steering.fallback) == (("eu", "in"), "eu")


def test_on_enterprise_auto_steers_by_data_centre_as_the_decision_writes_it() -> None:
    steering = adr(tier=PlanTier.ENTERPRISE)
    assert {pop for pop, order in steering.pop_pools.items() if order[0] == "eu"} == {"FRA", "AMS", "LHR", "CDG"}
    assert {pop for pop, order in steering.pop_pools.items() if order[0] == "in"} == {"DXB", "BOM", "DEL", "SIN"}


def test_a_data_centre_in_no_list_still_falls_to_its_region() -> None:
    assert adr(tier=PlanTier.ENTERPRISE).region_pools["SAS"] == ("in", "eu")


def test_steering_by_country_leaves_data_centres_alone() -> None:
    steering = adr("country")
    assert steering.country_pools["AE"] == ("in", "eu")
    assert steering.pop_pools == {}


@pytest.mark.parametrize(
    ("mode", "policy"), [("proximity", "proximity"), ("dynamic", "dynamic_latency"), ("off", "off")]
)
def test_the_other_modes_only_need_the_default_order(mode: Mode, policy: str) -> None:
    steering = adr(mode)
    assert steering.policy == policy
    assert areas(steering) == {}
    assert steering.default_order == ("eu", "in")


def test_a_region_without_a_measurement_comes_last() -> None:
    row = LatencyRow(location="Nowhere", rtt={"in": (1, 2)})
    assert steer([row], [EU, IN], primary="eu", tier=PlanTier.PRO).winners == {"Nowhere": "in"}


def test_a_drained_region_is_left_out_everywhere() -> None:
    steering = steer(MATRIX, [SteeredRegion(code="eu", drained=True), IN], primary="eu", tier=PlanTier.ENTERPRISE)
    assert steering.problems == ()
    assert set(areas(steering).values()) == {("in",)}
    assert (steering.default_order, steering.fallback) == (("in",), "in")
    assert set(steering.winners.values()) == {"in"}


def test_the_fallback_follows_the_primary() -> None:
    steering = steer(MATRIX, [EU, IN], primary="in", tier=PlanTier.PRO)
    assert (steering.default_order, steering.fallback) == (("in", "eu"), "in")


def test_equal_middles_keep_the_order_of_the_regions() -> None:
    rtt = {"eu": (40.0, 60.0), "in": (30.0, 70.0)}
    assert nearest_first(rtt, ["eu", "in"]) == ("eu", "in")
    assert nearest_first(rtt, ["in", "eu"]) == ("in", "eu")


def test_an_area_claimed_by_two_rows_with_different_winners_is_a_problem() -> None:
    greedy = LatencyRow(location="Gulf", rtt={"eu": (10, 20), "in": (50, 80)}, regions=("ME",))
    (problem,) = steer([*MATRIX, greedy], [EU, IN], primary="eu", tier=PlanTier.PRO).problems
    assert "ME" in problem
    assert "Middle East (UAE)" in problem
    assert "Gulf" in problem


def test_an_area_claimed_twice_with_the_same_winner_is_none() -> None:
    again = LatencyRow(location="Gulf", rtt={"eu": (90, 100), "in": (50, 80)}, regions=("ME",))
    assert steer([*MATRIX, again], [EU, IN], primary="eu", tier=PlanTier.PRO).problems == ()


@pytest.mark.parametrize(("interval", "seconds"), [(30, 50), (60, 80), (15, 35), (10, 30)])
def test_detection_takes_an_interval_every_try_and_the_spreading_of_the_verdict(interval: int, seconds: int) -> None:
    assert worst_case_detection_seconds(interval=interval, timeout=5, retries=2) == seconds


def test_each_further_failed_check_costs_an_interval() -> None:
    once, thrice = (
        worst_case_detection_seconds(interval=30, timeout=5, retries=2, consecutive_down=times) for times in (1, 3)
    )
    assert thrice - once == 60


CODES = st.lists(st.sampled_from(["eu", "in", "sg", "us", "br", "za"]), min_size=1, max_size=5, unique=True)
SPANS = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda span: (min(span), max(span)))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[LatencyRow], list[SteeredRegion]]:
    codes = draw(CODES)
    drained = draw(st.lists(st.sampled_from(codes), max_size=len(codes) - 1, unique=True)) if len(codes) > 1 else []
    numbers = itertools.count()
    rows = [
        LatencyRow(
            location=f"place {number}",
            rtt=draw(st.fixed_dictionaries(dict.fromkeys(codes, SPANS))),
            regions=(f"R{next(numbers)}",),
            countries=(f"C{next(numbers)}",),
            pops=(f"P{next(numbers)}",),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    return rows, [SteeredRegion(code=code, drained=code in drained) for code in codes]


@given(worlds(), st.sampled_from(["pop", "country", "region"]))
def test_every_order_is_a_permutation_of_the_open_regions(
    world: tuple[list[LatencyRow], list[SteeredRegion]], mode: Mode
) -> None:
    rows, regions = world
    steering = steer(rows, regions, primary=regions[0].code, tier=PlanTier.ENTERPRISE, mode=mode)
    open_regions = sorted(region.code for region in regions if not region.drained)
    assert steering.problems == ()
    assert {tuple(sorted(order)) for order in areas(steering).values()} == {tuple(open_regions)}
    assert sorted(steering.default_order) == open_regions
    assert steering.fallback == steering.default_order[0]


@given(worlds())
def test_the_winner_has_the_smallest_middle(world: tuple[list[LatencyRow], list[SteeredRegion]]) -> None:
    rows, regions = world
    steering = steer(rows, regions, primary=regions[0].code, tier=PlanTier.PRO)
    open_regions = [region.code for region in regions if not region.drained]
    for row in rows:
        best = min(midpoint(row.rtt[code]) for code in open_regions)
        winner = steering.winners[row.location]
        assert midpoint(row.rtt[winner]) == best
        assert winner == next(code for code in open_regions if midpoint(row.rtt[code]) == best)


@given(st.dictionaries(st.sampled_from("abcdef"), SPANS, min_size=2), st.data())
def test_another_region_never_changes_the_order_of_the_others(
    rtt: Mapping[str, tuple[int, int]], data: st.DataObject
) -> None:
    everyone = data.draw(st.permutations(sorted(rtt)))
    newcomer = data.draw(st.sampled_from(everyone))
    before = [code for code in everyone if code != newcomer]
    with_it = nearest_first(rtt, everyone)
    assert tuple(code for code in with_it if code != newcomer) == nearest_first(rtt, before)


@given(worlds())
def test_every_area_of_the_matrix_gets_an_order(world: tuple[list[LatencyRow], list[SteeredRegion]]) -> None:
    rows, regions = world
    steering = steer(rows, regions, primary=regions[0].code, tier=PlanTier.ENTERPRISE)
    claimed = {code for row in rows for code in (*row.pops, *row.countries, *row.regions)}
    assert set(areas(steering)) == claimed


@given(st.integers(5, 3600), st.integers(1, 10), st.integers(0, 5), st.integers(0, 5))
def test_slower_checks_never_detect_sooner(interval: int, timeout: int, retries: int, down: int) -> None:
    now = worst_case_detection_seconds(interval=interval, timeout=timeout, retries=retries, consecutive_down=down)
    for slower in (
        {"interval": interval + 1},
        {"timeout": timeout + 1},
        {"retries": retries + 1},
        {"consecutive_down": down + 1},
    ):
        check = {"interval": interval, "timeout": timeout, "retries": retries, "consecutive_down": down} | slower
        assert worst_case_detection_seconds(**check) >= now
