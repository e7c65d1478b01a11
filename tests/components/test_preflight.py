from __future__ import annotations

from dataclasses import replace

import pytest

from components.edge.preflight import EdgePlan, Finding, check, names
from settings.tiers import PlanTier

GOOD = EdgePlan(
    zone="openova.io",
    hosts=("api.openova.io", "api-acme.openova.io"),
    proxied=True,
    advanced_certificates=False,
    tier=PlanTier.PRO,
    mode="auto",
    interval=60,
    origins=6,
    pools=2,
    check_regions=1,
)


def one(plan: EdgePlan) -> Finding:
    (finding,) = check(plan)
    return finding


def test_a_sound_plan_has_no_findings() -> None:
    assert check(GOOD) == ()


def test_a_tenants_second_level_name_needs_an_advanced_certificate() -> None:
    finding = one(replace(GOOD, hosts=("api.acme.openova.io",)))
    assert "Universal SSL" in finding.rule
    assert "api-acme.openova.io" in finding.remedy
    assert "advanced" in finding.remedy


@pytest.mark.parametrize(
    "plan",
    [
        replace(GOOD, hosts=("api.acme.openova.io",), advanced_certificates=True),
        replace(GOOD, hosts=("api.acme.openova.io",), proxied=False),
        replace(GOOD, hosts=("api.acme.openova.io",), zone="acme.openova.io"),
        replace(GOOD, hosts=("openova.io",)),
    ],
)
def test_a_covered_name_or_one_that_is_not_proxied_is_fine(plan: EdgePlan) -> None:
    assert check(plan) == ()


def test_a_name_outside_the_zone_is_found_even_where_it_ends_alike() -> None:
    (finding,) = names("openova.io", ("api.notopenova.io",), proxied=True, advanced_certificates=False)
    assert "not a name in the zone" in finding.rule


def test_steering_by_data_centre_needs_enterprise() -> None:
    assert one(replace(GOOD, mode="pop")).setting == "edge.steering"
    assert check(replace(GOOD, mode="pop", tier=PlanTier.ENTERPRISE)) == ()


def test_steering_by_measured_latency_needs_checks_from_where_users_are() -> None:
    finding = one(replace(GOOD, mode="dynamic", unchecked=("ME", "SAS")))
    assert finding.setting == "edge.monitor.checkRegions"
    assert "ME, SAS" in finding.rule
    assert check(replace(GOOD, mode="auto", unchecked=("ME", "SAS"))) == ()


def test_an_interval_below_the_plans_minimum_says_which_is_possible() -> None:
    finding = one(replace(GOOD, interval=30))
    assert "60 s" in finding.rule
    assert "buy faster checks (from 15 s)" in finding.remedy


@pytest.mark.parametrize(
    ("tier", "interval", "faster", "count"),
    [
        (PlanTier.PRO, 30, True, 0),
        (PlanTier.PRO, 14, True, 1),
        (PlanTier.FREE, 59, False, 1),
        (PlanTier.BUSINESS, 15, False, 0),
        (PlanTier.ENTERPRISE, 10, False, 0),
        (PlanTier.ENTERPRISE, 9, True, 1),
        (PlanTier.ENTERPRISE, 3601, False, 1),
    ],
)
def test_intervals_are_held_to_the_plan(tier: PlanTier, interval: int, faster: bool, count: int) -> None:
    assert len(check(replace(GOOD, tier=tier, interval=interval, faster_checks=faster))) == count


def test_more_origins_than_the_plan_allows_are_found() -> None:
    assert "allows 20 origins; there are 21" in one(replace(GOOD, origins=21)).rule
    assert check(replace(GOOD, origins=21, tier=PlanTier.ENTERPRISE)) == ()


def test_more_pools_or_host_names_than_the_plan_allows_are_found() -> None:
    hosts = tuple(f"api-{number}.openova.io" for number in range(21))
    assert {finding.setting for finding in check(replace(GOOD, hosts=hosts, pools=21))} == {"regions", "edge.hosts"}


@pytest.mark.parametrize("count", [0, 9])
def test_a_pool_is_checked_from_one_to_eight_regions(count: int) -> None:
    assert one(replace(GOOD, check_regions=count)).setting == "edge.monitor.checkRegions"


def test_every_finding_says_rule_consequence_remedy_and_setting() -> None:
    bad = replace(
        GOOD, hosts=("api.acme.openova.io", "api.other.io"), mode="pop", interval=1, origins=99, check_regions=13
    )
    findings = check(bad)
    assert len(findings) == 6
    for finding in findings:
        assert all((finding.setting, finding.rule, finding.consequence, finding.remedy))
        assert str(finding).startswith(finding.setting)
