from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.edge.cloudflare import Cloudflare, CloudflareTraffic, CloudflareTrafficArgs
from components.edge.provider import (
    HealthCheck,
    Notifications,
    Origin,
    Pool,
    Traffic,
    TrafficProvider,
    TrafficRequest,
    record_type,
)
from components.edge.records import CloudflareRecords, CloudflareRecordsArgs
from components.edge.steering import LatencyRow, SteeredRegion, steer
from operations.plan.recorded import Evaluation
from operations.plan.values import UNKNOWN, Secret
from settings.tiers import PlanTier
from tests.recording import record

MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
POLICY = "cloudflare:index/notificationPolicy:NotificationPolicy"
WEBHOOK = "cloudflare:index/notificationPolicyWebhooks:NotificationPolicyWebhooks"

MATRIX = (
    LatencyRow(location="Europe", rtt={"eu": (20, 50), "in": (150, 200)}, regions=("WEU",), pops=("FRA",)),
    LatencyRow(location="India", rtt={"eu": (150, 200), "in": (20, 50)}, regions=("SAS",), pops=("BOM",)),
)
REGIONS = (SteeredRegion(code="eu"), SteeredRegion(code="in"))


def pool(code: str, name: str, network: str) -> Pool:
    return Pool(
        region=code,
        name=f"{name}-pool",
        origins=tuple(Origin(name=f"contabo-{code}-{n}", address=f"{network}.{n}") for n in (3, 1, 2)),
        health_host=f"api-{code}.openova.io",
    )


EUROPE, INDIA = pool("eu", "europe", "192.0.2"), pool("in", "india", "198.51.100")
ARGS = CloudflareTrafficArgs(
    account_id="account",
    zone_id="zone",
    zone="openova.io",
    hosts=("api.openova.io", "api-acme.openova.io"),
    pools=(EUROPE, INDIA),
    steering=steer(MATRIX, REGIONS, primary="eu", tier=PlanTier.PRO),
    health_check=HealthCheck(host="api.openova.io", check_regions=("WEU", "SAS")),
    protect=True,
)


def traffic(args: CloudflareTrafficArgs = ARGS, **options: Any) -> Evaluation:
    return record(lambda: CloudflareTraffic("edge", args), **options)


def test_each_region_has_one_pool_with_its_origins_sorted_by_name() -> None:
    evaluation = traffic()
    europe = evaluation.named("edge-pool-eu").inputs
    assert europe["name"] == "europe-pool"
    assert [(origin["name"], origin["address"]) for origin in europe["origins"]] == [
        ("contabo-eu-1", "192.0.2.1"), ("contabo-eu-2", "192.0.2.2"), ("contabo-eu-3", "192.0.2.3"),
    ]  # fmt: skip
    assert all(origin["enabled"] is True and origin["weight"] == 1 for origin in europe["origins"])
    assert len(evaluation.of_type(POOL)) == 2


def test_pools_are_always_checked_from_named_regions() -> None:
    for made in traffic().of_type(POOL):
        assert made.inputs["checkRegions"] == ["SAS", "WEU"]


def test_pools_are_checked_by_the_one_monitor() -> None:
    evaluation = traffic()
    (monitor,) = evaluation.of_type(MONITOR)
    for made in evaluation.of_type(POOL):
        assert made.feeds["monitor"] == (monitor.urn,)


def test_the_monitor_asks_for_health_over_https_under_the_hosts_name() -> None:
    (monitor,) = traffic().of_type(MONITOR)
    wanted = {
        "type": "https", "path": "/health", "header": {"Host": ["api.openova.io"]}, "expectedCodes": "200",
        "interval": 60, "timeout": 5, "retries": 2, "probeZone": "openova.io",
        "allowInsecure": False, "followRedirects": False, "expectedBody": "",
    }  # fmt: skip
    assert wanted.items() <= monitor.inputs.items()
    assert "port" not in monitor.inputs


def test_another_port_than_that_of_https_is_named() -> None:
    args = replace(ARGS, health_check=replace(ARGS.health_check, port=8443))
    assert traffic(args).of_type(MONITOR)[0].inputs["port"] == 8443


def test_each_host_name_has_one_load_balancer_with_the_steering() -> None:
    evaluation = traffic()
    assert [made.inputs["name"] for made in evaluation.of_type(BALANCER)] == ["api-acme.openova.io", "api.openova.io"]
    for made in evaluation.of_type(BALANCER):
        assert made.inputs["steeringPolicy"] == "geo"
        assert made.inputs["proxied"] is True
        assert sorted(made.inputs["regionPools"]) == ["SAS", "WEU"]
        assert "popPools" not in made.inputs
        assert "countryPools" not in made.inputs


def test_pool_ids_flow_from_the_pools_into_the_load_balancer() -> None:
    evaluation = traffic()
    europe, india = evaluation.named("edge-pool-eu").urn, evaluation.named("edge-pool-in").urn
    made = evaluation.named("edge-api.openova.io")
    assert made.feeds["fallbackPool"] == (europe,)
    for field in ("defaultPools", "regionPools"):
        assert set(made.feeds[field]) == {europe, india}
    assert made.inputs["defaultPools"] == [UNKNOWN, UNKNOWN]


def test_steering_by_data_centre_fills_the_map_of_data_centres_too() -> None:
    args = replace(ARGS, steering=steer(MATRIX, REGIONS, primary="eu", tier=PlanTier.ENTERPRISE))
    made = traffic(args).named("edge-api.openova.io")
    assert sorted(made.inputs["popPools"]) == ["BOM", "FRA"]
    assert sorted(made.inputs["regionPools"]) == ["SAS", "WEU"]


def test_returned_defaults_are_set_so_that_no_preview_shows_them_as_changes() -> None:
    made = traffic().named("edge-api.openova.io").inputs
    assert made["sessionAffinity"] == "none"
    assert made["enabled"] is True
    assert made["locationStrategy"] == {"mode": "pop", "preferEcs": "proximity"}
    assert made["adaptiveRouting"] == {"failoverAcrossPools": True}
    assert made["description"]
    assert "ttl" not in made


def test_a_load_balancer_that_is_not_proxied_has_a_short_time_to_live() -> None:
    evaluation = traffic(replace(ARGS, proxied=False))
    assert evaluation.named("edge-api.openova.io").inputs["ttl"] == 30
    assert {made.inputs["ttl"] for made in evaluation.of_type(RECORD)} == {60}


def test_a_pool_is_never_deleted_before_it_is_replaced() -> None:
    assert not any(made.delete_before_replace for made in traffic().resources)


@pytest.mark.parametrize("protect", [True, False])
def test_protection_covers_monitor_pools_and_load_balancers(protect: bool) -> None:
    evaluation = traffic(replace(ARGS, protect=protect))
    for type_ in (MONITOR, POOL, BALANCER):
        assert {made.protect for made in evaluation.of_type(type_)} == {protect}


def test_each_region_has_a_direct_name_with_one_proxied_record_an_origin() -> None:
    records = [made.inputs for made in traffic().of_type(RECORD)]
    assert {(made["name"], made["content"]) for made in records} == {
        (f"api-{code}.openova.io", f"{network}.{n}")
        for code, network in (("eu", "192.0.2"), ("in", "198.51.100"))
        for n in (1, 2, 3)
    }
    assert {(made["type"], made["proxied"], made["ttl"]) for made in records} == {("A", True, 1)}


def test_an_address_of_the_sixth_version_gets_its_own_record_type() -> None:
    pools = (replace(EUROPE, origins=(Origin(name="contabo-eu-1", address="2001:db8::1"),)), INDIA)
    made = traffic(replace(ARGS, pools=pools)).named("edge-health-contabo-eu-1")
    assert made.inputs["type"] == "AAAA"
    assert record_type("192.0.2.1") == "A"


def test_an_address_that_is_known_late_is_planned_as_unknown() -> None:
    def program() -> None:
        class Server(pulumi.CustomResource):
            address: pulumi.Output[str]

            def __init__(self) -> None:
                super().__init__("test:index:Server", "server", {"address": None})

        late = replace(EUROPE, origins=(Origin(name="contabo-eu-1", address=Server().address),))
        CloudflareTraffic("edge", replace(ARGS, pools=(late, INDIA)))

    evaluation = record(program)
    made = evaluation.named("edge-health-contabo-eu-1")
    assert (made.inputs["content"], made.inputs["type"]) == (UNKNOWN, UNKNOWN)
    assert evaluation.named("edge-pool-eu").inputs["origins"][0]["address"] == UNKNOWN


def test_nobody_is_told_unless_somebody_is_named() -> None:
    evaluation = traffic()
    assert evaluation.of_type(POLICY) == []
    assert evaluation.of_type(WEBHOOK) == []


def test_an_address_is_told_of_pools_and_origins_that_change_their_health() -> None:
    evaluation = traffic(replace(ARGS, notifications=Notifications(email="ops@example.org")))
    (policy,) = evaluation.of_type(POLICY)
    assert policy.inputs["alertType"] == "load_balancing_health_alert"
    assert policy.inputs["mechanisms"] == {"emails": [{"id": "ops@example.org"}]}
    assert policy.inputs["filters"]["newHealths"] == ["Unhealthy", "Healthy"]
    assert set(policy.feeds["filters"]) == {made.urn for made in evaluation.of_type(POOL)}


def test_a_webhook_is_a_target_of_its_own_and_its_url_stays_secret() -> None:
    hook = "https://hooks.slack.com/services/T0/B0/secret"
    evaluation = traffic(replace(ARGS, notifications=Notifications(webhook=hook)))
    (target,) = evaluation.of_type(WEBHOOK)
    (policy,) = evaluation.of_type(POLICY)
    assert target.inputs["url"] == Secret(hook)
    assert policy.feeds["mechanisms"] == (target.urn,)


def test_pools_tell_of_both_turns_and_origins_of_the_bad_one() -> None:
    for made in traffic().of_type(POOL):
        assert made.inputs["notificationFilter"] == {
            "pool": {"disable": False},
            "origin": {"disable": False, "healthy": False},
        }


def test_everything_is_a_child_of_the_component() -> None:
    evaluation = traffic(replace(ARGS, notifications=Notifications(email="ops@example.org", webhook="https://x.org")))
    (component,) = evaluation.of_type("openova:edge:CloudflareTraffic")
    children = [made for made in evaluation.resources if made is not component]
    assert {made.parent for made in children} == {component.urn}
    assert all(made.name.startswith("edge-") for made in children)


def test_a_drained_regions_pool_stays_and_is_in_no_order() -> None:
    drained = (SteeredRegion(code="eu"), SteeredRegion(code="in", drained=True))
    evaluation = traffic(replace(ARGS, steering=steer(MATRIX, drained, primary="eu", tier=PlanTier.PRO)))
    balancer = evaluation.named("edge-api.openova.io")
    assert len(evaluation.of_type(POOL)) == 2
    assert set(balancer.feeds["regionPools"]) == {evaluation.named("edge-pool-eu").urn}


def test_steering_to_a_region_without_a_pool_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['in'\].*edge\.drained"):
        traffic(replace(ARGS, pools=(EUROPE,)))


def test_steering_with_problems_is_refused() -> None:
    torn = LatencyRow(location="Gulf", rtt={"eu": (10, 20), "in": (50, 80)}, regions=("SAS",))
    broken = steer([*MATRIX, torn], REGIONS, primary="eu", tier=PlanTier.PRO)
    with pytest.raises(ValueError, match="SAS"):
        traffic(replace(ARGS, steering=broken))


def test_steering_by_proximity_needs_the_regions_coordinates() -> None:
    near = replace(ARGS, steering=steer(MATRIX, REGIONS, primary="eu", tier=PlanTier.PRO, mode="proximity"))
    with pytest.raises(ValueError, match="latitude and longitude"):
        traffic(near)
    placed = tuple(replace(pool, latitude=49.45, longitude=11.08) for pool in near.pools)
    evaluation = traffic(replace(near, pools=placed))
    assert evaluation.named("edge-pool-eu").inputs["latitude"] == 49.45
    assert evaluation.named("edge-api.openova.io").inputs["steeringPolicy"] == "proximity"


def test_the_adapter_is_a_traffic_provider() -> None:
    made: list[Traffic] = []
    request = TrafficRequest(
        hosts=ARGS.hosts, pools=ARGS.pools, steering=ARGS.steering, health_check=ARGS.health_check, protect=False
    )

    def program() -> None:
        provider: TrafficProvider = Cloudflare(account_id="account", zone_id="zone", zone="openova.io")
        made.append(provider.route("edge", request))

    evaluation = record(program)
    assert set(made[0].host_ids) == set(ARGS.hosts)
    assert set(made[0].pool_ids) == {"eu", "in"}
    assert made[0].health_hosts == {"eu": "api-eu.openova.io", "in": "api-in.openova.io"}
    assert {one.protect for one in evaluation.of_type(BALANCER)} == {False}


def records(**changes: Any) -> Evaluation:
    args = CloudflareRecordsArgs(zone_id="zone", hosts=("api.openova.io",), pools=(EUROPE, INDIA), region="eu")
    return record(lambda: CloudflareRecords("edge", replace(args, **changes)))


def test_plain_records_point_every_host_name_to_the_nodes_of_the_primary() -> None:
    made = [one.inputs for one in records().of_type(RECORD) if one.inputs["name"] == "api.openova.io"]
    assert sorted(one["content"] for one in made) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert {(one["type"], one["proxied"], one["ttl"]) for one in made} == {("A", True, 1)}


def test_plain_records_follow_the_primary_and_leave_disabled_nodes_out() -> None:
    off = replace(INDIA, origins=(*INDIA.origins[1:], replace(INDIA.origins[0], enabled=False)))
    evaluation = records(region="in", pools=(EUROPE, off), proxied=False, ttl=120)
    made = [one.inputs for one in evaluation.of_type(RECORD) if one.inputs["name"] == "api.openova.io"]
    assert sorted(one["content"] for one in made) == ["198.51.100.1", "198.51.100.2"]
    assert {(one["proxied"], one["ttl"]) for one in made} == {(False, 120)}


def test_plain_records_need_nothing_but_records() -> None:
    evaluation = records()
    assert {one.type for one in evaluation.resources} == {RECORD, "openova:edge:CloudflareRecords"}
    assert {one.inputs["name"] for one in evaluation.of_type(RECORD)} == {
        "api.openova.io", "api-eu.openova.io", "api-in.openova.io",
    }  # fmt: skip


def test_plain_records_without_a_primary_are_refused() -> None:
    with pytest.raises(ValueError, match=r"authority\.primary"):
        records(region="us")


REGION_MODULES = ("connector", "provider", "steering", "preflight")
GLOBAL_MODULES = ("cloudflare", "records", "tunnel", "provider", "steering", "preflight")


@pytest.mark.parametrize(
    ("modules", "forbidden"), [(REGION_MODULES, "pulumi_cloudflare"), (GLOBAL_MODULES, "pulumi_kubernetes")]
)
def test_no_stack_loads_the_other_stacks_provider(modules: tuple[str, ...], forbidden: str) -> None:
    names = ", ".join(f"components.edge.{module}" for module in modules)
    program = f"import sys, {names}; sys.exit({forbidden!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
