"""What only Route 53 has: its tree of records, its alarms, what it cannot do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("pulumi_aws", reason='Route 53 needs pulumi-aws: make aws WITH="--group aws"')

from components.edge.provider import HealthCheck, Notifications, Origin, TrafficRequest
from components.edge.route53 import Route53, Route53Records, Route53RecordsArgs
from components.edge.steering import LatencyRow, Mode, SteeredRegion, steer
from operations.plan.recorded import Evaluation
from settings.tiers import PlanTier
from tests.components.edge_answers import CHECK, RECORD
from tests.components.test_providers import HOSTS, MATRIX, pool
from tests.recording import record

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
PROVIDER = "pulumi:providers:aws"
ADAPTER = Route53(
    zone_id="Z1",
    zone="openova.io",
    aws_regions={"eu": "eu-central-1", "in": "ap-south-1"},
    aws_account="1" * 12,
    ttl=30,
)


def request(mode: Mode = "dynamic", matrix: tuple[LatencyRow, ...] = MATRIX, **changes: Any) -> TrafficRequest:
    regions = [SteeredRegion(code="eu"), SteeredRegion(code="in")]
    asked = TrafficRequest(
        hosts=HOSTS,
        pools=(pool("eu"), pool("in")),
        steering=steer(matrix, regions, primary="eu", tier=PlanTier.FREE, mode=mode),
        health_check=HealthCheck(host=HOSTS[0], interval=30),
    )
    return replace(asked, **changes)


def traffic(asked: TrafficRequest, adapter: Route53 = ADAPTER) -> Evaluation:
    return record(lambda: adapter.route("edge", asked))


def test_latency_records_name_the_aws_regions_that_stand_for_ours() -> None:
    evaluation = traffic(request())
    assert {
        item.inputs["setIdentifier"]: item.inputs["latencyRoutingPolicies"]
        for item in evaluation.of_type(RECORD)
        if "latencyRoutingPolicies" in item.inputs
    } == {"eu": [{"region": "eu-central-1"}], "in": [{"region": "ap-south-1"}]}


def test_geolocation_records_stand_for_continents_countries_and_everywhere_else() -> None:
    places = [
        item.inputs["geolocationRoutingPolicies"][0]
        for item in traffic(request("country")).of_type(RECORD)
        if "geolocationRoutingPolicies" in item.inputs
    ]
    assert places == [
        {"continent": "AS"}, {"continent": "EU"}, {"country": "FR"}, {"country": "IN"}, {"country": "*"},
    ]  # fmt: skip


def test_a_continent_that_is_torn_between_two_regions_is_refused() -> None:
    gulf = LatencyRow(location="Gulf", rtt={"eu": (10, 20), "in": (50, 80)}, regions=("ME",))
    with pytest.raises(ValueError, match="continent AS as one place"):
        traffic(request("region", (*MATRIX, gulf)))


@pytest.mark.parametrize("mode", ["proximity"])
def test_steering_that_route_53_is_not_asked_for_here_is_refused(mode: Mode) -> None:
    with pytest.raises(ValueError, match=r"edge\.steering"):
        traffic(request(mode))


def test_without_steering_the_default_order_is_a_failover() -> None:
    kinds = {
        next(key for key in item.inputs if key.endswith(("Policies", "records")))
        for item in traffic(request("off")).of_type(RECORD)
    }
    assert kinds <= {"failoverRoutingPolicies", "weightedRoutingPolicies", "records"}


def test_every_alias_waits_for_the_records_that_it_leads_to() -> None:
    evaluation = traffic(request("country"))
    records = evaluation.of_type(RECORD)
    for item in records:
        for alias in item.inputs.get("aliases", ()):
            targets = {other.urn for other in records if other.inputs["name"] == alias["name"]}
            assert targets
            assert targets <= set(item.depends_on)


def test_everything_goes_through_the_one_account_in_the_region_that_has_the_metrics() -> None:
    evaluation = traffic(request(notifications=Notifications(email="ops@example.org")))
    (provider,) = evaluation.of_type(PROVIDER)
    assert provider.inputs["region"] == "us-east-1"
    assert "111111111111" in str(provider.inputs["allowedAccountIds"])
    made = [item for item in evaluation.resources if item.type.startswith("aws:")]
    assert {item.provider for item in made} == {provider.name}


def test_an_account_is_not_asked_for_where_none_is_set() -> None:
    (provider,) = traffic(request(), replace(ADAPTER, aws_account="")).of_type(PROVIDER)
    assert "allowedAccountIds" not in provider.inputs


def test_answers_of_nodes_are_kept_for_the_time_to_live() -> None:
    kept = {item.inputs["ttl"] for item in traffic(request()).of_type(RECORD) if "records" in item.inputs}
    assert kept == {30}


def test_each_region_and_each_node_has_an_alarm() -> None:
    evaluation = traffic(request(notifications=Notifications(email="ops@example.org")))
    alarms = evaluation.of_type(ALARM)
    checks = {item.urn for item in evaluation.of_type(CHECK)}
    assert {urn for item in alarms for urn in item.feeds["dimensions"]} == checks
    assert len(alarms) == len(checks) == 8
    both_ways = {item.name for item in alarms if item.inputs["okActions"]}
    assert both_ways == {"edge-alarm-eu", "edge-alarm-in"}


def test_a_chats_webhook_is_refused() -> None:
    with pytest.raises(ValueError, match=r"edge\.notifications\.email"):
        traffic(request(notifications=Notifications(email="ops@example.org", webhook="https://hooks.example.org/1")))


def test_another_status_than_success_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="200 to 399"):
        traffic(request(health_check=HealthCheck(host=HOSTS[0], expected_codes="204")))


@pytest.mark.parametrize(("retries", "down", "threshold"), [(0, 1, 1), (2, 1, 3), (2, 3, 5)])
def test_the_threshold_counts_the_first_failure_too(retries: int, down: int, threshold: int) -> None:
    check = HealthCheck(host=HOSTS[0], retries=retries, consecutive_down=down)
    evaluation = traffic(request(health_check=check))
    assert evaluation.named("edge-check-contabo-eu-1").inputs["failureThreshold"] == threshold


def test_an_address_of_the_sixth_version_is_refused() -> None:
    six = replace(pool("eu"), origins=(Origin(name="contabo-eu-1", address="2001:db8::1"),))
    with pytest.raises(ValueError, match="public IPv4 address"):
        traffic(request(pools=(six, pool("in"))))


def test_a_region_that_no_aws_region_stands_for_is_refused() -> None:
    with pytest.raises(ValueError, match="awsRegion"):
        traffic(request(), replace(ADAPTER, aws_regions={"eu": "eu-central-1"}))


def test_plain_records_have_all_addresses_in_one_and_no_check() -> None:
    args = Route53RecordsArgs(hosts=HOSTS, pools=(pool("eu"), pool("in")), region="eu", zone_id="Z1", ttl=120)
    evaluation = record(lambda: Route53Records("edge", args))
    made = evaluation.named(f"edge-{HOSTS[0]}").inputs
    assert sorted(made["records"]) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert made["ttl"] == 120
    assert evaluation.of_type(CHECK) == []
