"""Mistakes at the edge and in the costs: each is planted alone and must be found alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import SHARED, copy_project, edit, only_problem, problems, share, value


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


def test_a_region_may_be_drained(root: Path) -> None:
    share(root, "edge.drained", ["in"])
    assert problems(root) == ()


@pytest.mark.parametrize("mode", ["load-balancer", "tunnel", "records"])
def test_not_every_region_may_be_drained(root: Path, mode: str) -> None:
    share(root, "edge.mode", mode)
    share(root, "edge.drained", ["eu", "in"])
    only_problem(root, SHARED, "openova:edge.drained")


def test_host_names_of_tenants_need_a_tenant(root: Path) -> None:
    share(root, "tenants", [])
    share(root, "edge.hosts", ["api.{tenant}", "www-{tenant}"])
    only_problem(root, SHARED, "openova:tenants")


def test_without_tenants_one_plain_host_name_is_enough(root: Path) -> None:
    share(root, "tenants", [])
    assert problems(root) == ()


def test_the_edge_serves_at_least_one_name(root: Path) -> None:
    share(root, "edge.hosts", [])
    assert "at least 1 item" in only_problem(root, SHARED, "openova:edge.hosts").rule


@pytest.mark.parametrize("host", ["api.{customer}", ".api", "api.", "{tenant", "api.{}"])
def test_a_host_name_has_no_other_braces_and_no_dot_at_its_ends(root: Path, host: str) -> None:
    share(root, "edge.hosts", ["api", host])
    assert repr(host) in only_problem(root, SHARED, "openova:edge.hosts").rule


INTERVAL = "openova:edge.monitor.interval"


@pytest.mark.parametrize(("plan", "minimum"), [("free", 60), ("pro", 60), ("business", 15), ("enterprise", 10)])
def test_the_interval_is_not_below_what_the_plan_allows(root: Path, plan: str, minimum: int) -> None:
    share(root, "edge.plan", plan)
    share(root, "edge.monitor.interval", minimum)
    assert problems(root) == ()
    share(root, "edge.monitor.interval", minimum - 1)
    assert f"{minimum} s" in only_problem(root, SHARED, INTERVAL).rule


def test_the_interval_of_the_decision_needs_faster_checks_on_the_pro_plan(root: Path) -> None:
    share(root, "edge.monitor.interval", 30)
    assert "faster checks" in only_problem(root, SHARED, INTERVAL).fix
    share(root, "edge.monitor.fasterChecks", True)
    share(root, "budget", 100)
    assert problems(root) == ()


def test_more_origins_than_the_plan_allows_are_refused(root: Path) -> None:
    described = value(root / "Pulumi.eu.yaml", "config.openova:nodes")
    for number in range(4, 19):
        described[f"contabo-eu-{number}"] = {
            **described["contabo-eu-1"],
            "address": f"203.0.113.{10 + number}",
            "role": "agent",
        }
    edit(root / "Pulumi.eu.yaml", "config.openova:nodes", described)
    share(root, "regions.0.nodes", list(described))
    share(root, "budget", 1000)
    rule = only_problem(root, SHARED, "openova:regions[*].nodes").rule
    assert rule == "The plan pro allows 20 origins; there are 21."
    share(root, "edge.plan", "enterprise")
    assert problems(root) == ()


def test_more_check_regions_than_the_plan_allows_are_refused(root: Path) -> None:
    share(root, "edge.monitor.checkRegions", ["WEU", "EEU", "ME", "SAS", "SEAS", "NEAS", "OC", "WNAM", "ENAM"])
    share(root, "budget", 100)
    only_problem(root, SHARED, "openova:edge.monitor.checkRegions")


def test_two_places_do_not_claim_one_code_for_different_regions(root: Path) -> None:
    share(root, "latency.3.regions", ["SAS", "WEU"])
    rule = only_problem(root, SHARED, "openova:latency").rule
    assert "WEU is claimed by Western Europe (nearest 'eu') and by India (nearest 'in')" in rule


BUDGET = "openova:budget"


def test_the_cost_does_not_exceed_the_budget(root: Path) -> None:
    share(root, "budget", 74.84)
    problem = only_problem(root, SHARED, BUDGET)
    assert problem.rule == "The platform costs EUR 74.85 a month; the budget is EUR 74.84."
    assert "Load balancing" in problem.fix


def test_a_cost_within_the_budget_of_the_decision_needs_no_load_balancer(root: Path) -> None:
    share(root, "budget", 50)
    only_problem(root, SHARED, BUDGET)
    share(root, "edge.mode", "tunnel")
    assert problems(root) == ()


def test_where_nothing_is_balanced_the_advice_is_not_to_stop_balancing(root: Path) -> None:
    share(root, "edge.mode", "tunnel")
    share(root, "budget", 1)
    assert "edge.mode" not in only_problem(root, SHARED, BUDGET).fix


def test_a_product_has_a_price(root: Path) -> None:
    edit(root / "Pulumi.in.yaml", "config.openova:nodes.contabo-in-2.product", "VPS 20")
    rule = only_problem(root, "Pulumi.in.yaml", "openova:nodes.contabo-in-2.product").rule
    assert "'VPS 20' has no price" in rule
    edit(root / SHARED, "config.prices.value.products.VPS 20", 4.5)
    assert problems(root) == ()


def test_a_price_is_not_negative(root: Path) -> None:
    edit(root / SHARED, "config.prices.value.products.VPS 10", -1)
    only_problem(root, SHARED, "openova:prices.products.VPS 10")


@pytest.fixture
def route53(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with Route 53, whether its packages are installed or not."""
    monkeypatch.setattr("regions.traffic.find_spec", lambda name: object())
    share(root, "edge.provider", "route53")
    share(root, "edge.monitor", {"path": "/health"})
    share(root, "edge.route53", {"zoneId": "Z0000000000000000000"})
    return root


def test_route_53_needs_its_zone_and_nothing_of_cloudflares(route53: Path) -> None:
    share(route53, "edge.zoneId", "")
    share(route53, "edge.accountId", "")
    assert problems(route53) == ()
    share(route53, "edge.route53.zoneId", "")
    only_problem(route53, SHARED, "openova:edge.route53.zoneId")


@pytest.mark.parametrize("key", ["edge.zoneId", "edge.accountId", "backups.accountId"])
def test_cloudflare_needs_its_ids(root: Path, key: str) -> None:
    share(root, key, "")
    only_problem(root, SHARED, f"openova:{key}")


def test_plain_records_need_no_account(root: Path) -> None:
    share(root, "edge.mode", "records")
    share(root, "edge.accountId", "")
    assert problems(root) == ()


def test_a_tunnel_is_cloudflares(route53: Path) -> None:
    share(route53, "edge.mode", "tunnel")
    only_problem(route53, SHARED, "openova:edge.mode")


@pytest.mark.parametrize(("interval", "count"), [(10, 0), (30, 0), (60, 1), (15, 1)])
def test_route_53_checks_every_thirty_or_ten_seconds(route53: Path, interval: int, count: int) -> None:
    share(route53, "edge.monitor.interval", interval)
    share(route53, "budget", 100)
    assert [problem.key for problem in problems(route53)] == [INTERVAL] * count


@pytest.mark.parametrize("steering", ["pop", "proximity"])
def test_steering_that_only_cloudflare_has_is_refused(route53: Path, steering: str) -> None:
    share(route53, "edge.steering", steering)
    only_problem(route53, SHARED, "openova:edge.steering")


def test_alarms_of_route_53_do_not_reach_slack(route53: Path) -> None:
    share(route53, "edge.notifications.slack", True)
    only_problem(route53, SHARED, "openova:edge.notifications.slack")


def test_two_regions_do_not_share_an_aws_region(route53: Path) -> None:
    share(route53, "regions.1.awsRegion", "eu-central-1")
    only_problem(route53, SHARED, "openova:regions[*].awsRegion")
    share(route53, "edge.steering", "region")
    assert problems(route53) == ()


def test_a_continent_that_is_torn_is_refused_with_geolocation_only(route53: Path) -> None:
    share(route53, "latency.2.rtt", {"eu": [10, 20], "in": [50, 80]})
    assert problems(route53) == ()
    share(route53, "edge.steering", "region")
    found = problems(route53)
    assert {problem.key for problem in found} == {"openova:latency"}
    assert all("continent AS" in problem.rule for problem in found)


def test_without_its_packages_route_53_is_one_problem(route53: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regions.traffic.find_spec", lambda name: None)
    problem = only_problem(route53, SHARED, "openova:edge.provider")
    assert "make aws" in problem.fix


def test_route_53_costs_its_checks_and_faster_ones_more(route53: Path) -> None:
    share(route53, "budget", 1)
    assert "EUR 51.37 a month" in only_problem(route53, SHARED, BUDGET).rule
    share(route53, "edge.monitor.interval", 10)
    assert "EUR 61.81 a month" in only_problem(route53, SHARED, BUDGET).rule
