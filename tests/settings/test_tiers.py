from __future__ import annotations

import pytest

from settings.tiers import LIMITS, MAXIMUM_INTERVAL_SECONDS, PlanTier, limits

WITHOUT_CONTRACT = [PlanTier.FREE, PlanTier.PRO, PlanTier.BUSINESS]


def test_every_plan_has_limits() -> None:
    assert set(LIMITS) == set(PlanTier)


def test_only_enterprise_steers_by_data_centre() -> None:
    assert [tier for tier in PlanTier if limits(tier).pop_steering] == [PlanTier.ENTERPRISE]


@pytest.mark.parametrize("tier", PlanTier)
def test_every_plan_steers_by_region_and_by_country(tier: PlanTier) -> None:
    assert limits(tier).region_steering
    assert limits(tier).country_steering


@pytest.mark.parametrize(
    ("tier", "plain", "faster"), [("free", 60, 15), ("pro", 60, 15), ("business", 15, 15), ("enterprise", 10, 10)]
)
def test_the_shortest_interval_depends_on_the_plan_and_on_faster_checks(tier: str, plain: int, faster: int) -> None:
    assert limits(tier).minimum_interval(faster_checks=False) == plain
    assert limits(tier).minimum_interval(faster_checks=True) == faster
    assert faster <= plain < MAXIMUM_INTERVAL_SECONDS


@pytest.mark.parametrize("tier", WITHOUT_CONTRACT)
def test_without_a_contract_there_are_twenty_of_each(tier: PlanTier) -> None:
    allowed = limits(tier)
    assert (allowed.load_balancers, allowed.pools, allowed.endpoints) == (20, 20, 20)
    assert not allowed.all_data_centres


def test_a_contract_sets_its_own_numbers() -> None:
    allowed = limits("enterprise")
    assert (allowed.load_balancers, allowed.pools, allowed.endpoints) == (None, None, None)


def test_an_unknown_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="gold"):
        limits("gold")
