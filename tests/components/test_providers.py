"""What every traffic provider guarantees, whichever it is: the same requests, asked of each adapter.

Users' answers are worked out from the resources that the adapter registers (`edge_answers`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck as HypothesisHealthCheck
from hypothesis import given, settings
from hypothesis import strategies as st

from components.edge.cloudflare import Cloudflare
from components.edge.provider import (
    HealthCheck,
    Notifications,
    Origin,
    Pool,
    RecordsRequest,
    Traffic,
    TrafficProvider,
    TrafficRequest,
)
from components.edge.steering import LatencyRow, Mode, SteeredRegion, steer
from operations.plan.recorded import Evaluation
from settings.tiers import PlanTier
from tests.components.edge_answers import (
    CHECK,
    MONITOR,
    POOL,
    Answer,
    User,
    applied,
    cloudflare_answer,
    route53_answer,
)
from tests.recording import record
from tests.variants import HAS_ROUTE_53

MATRIX = (
    LatencyRow(location="Europe", rtt={"eu": (20, 50), "in": (150, 200)}, regions=("WEU",), countries=("FR",)),
    LatencyRow(location="India", rtt={"eu": (150, 200), "in": (20, 50)}, regions=("SAS",), countries=("IN",)),
)
EUROPEAN = User("WEU", "EU", "FR", ("eu-central-1", "ap-south-1", "sa-east-1"))
INDIAN = User("SAS", "AS", "IN", ("ap-south-1", "eu-central-1", "sa-east-1"))
ELSEWHERE = User("SSAM", "SA", "BR", ("sa-east-1", "eu-central-1", "ap-south-1"))
HOSTS = ("api.openova.io", "api.acme.openova.io", "api.other.openova.io")
NETWORKS = {"eu": "192.0.2", "in": "198.51.100", "br": "203.0.113"}


def nodes(*regions: str) -> set[str]:
    return {f"{NETWORKS[region]}.{number}" for region in regions for number in (1, 2, 3)}


def pool(region: str) -> Pool:
    return Pool(
        region=region,
        name=f"{region}-pool",
        origins=tuple(Origin(name=f"contabo-{region}-{n}", address=f"{NETWORKS[region]}.{n}") for n in (3, 1, 2)),
        health_host=f"api-{region}.openova.io",
        latitude=10.0,
        longitude=20.0,
    )


@dataclass(frozen=True)
class Adapter:
    """A provider, how it is asked to steer, and how it would answer."""

    provider: TrafficProvider
    mode: Mode
    answer: Answer

    def request(self, *drained: str, primary: str = "eu", regions: tuple[str, ...] = ("eu", "in")) -> TrafficRequest:
        steered = [SteeredRegion(code=code, drained=code in drained) for code in regions]
        return TrafficRequest(
            hosts=HOSTS,
            pools=tuple(pool(code) for code in regions),
            steering=steer(MATRIX, steered, primary=primary, tier=PlanTier.PRO, mode=self.mode),
            health_check=HealthCheck(host=HOSTS[0], interval=30),
        )

    def routed(self, request: TrafficRequest) -> Evaluation:
        return applied(lambda: self.provider.route("edge", request))


def _adapter(name: str) -> Adapter:
    if name == "cloudflare":
        provider = Cloudflare(account_id="account", zone_id="zone", zone="openova.io")
        return Adapter(provider, "auto", cloudflare_answer)
    from components.edge.route53 import Route53  # noqa: PLC0415 an optional extra

    places = {"eu": "eu-central-1", "in": "ap-south-1", "br": "sa-east-1"}
    route53 = Route53(zone_id="Z1", zone="openova.io", aws_regions=places)
    return Adapter(route53, "dynamic" if name == "route53-latency" else "country", route53_answer)


ADAPTERS = ["cloudflare", *(["route53-latency", "route53-geolocation"] if HAS_ROUTE_53 else [])]
"""Without its extra Route 53 is left out; test_route53.py says so."""


@pytest.fixture(params=ADAPTERS, scope="module")
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return _adapter(request.param)


@pytest.fixture(scope="module")
def whole(adapter: Adapter) -> Evaluation:
    """Two regions, both in traffic."""
    return adapter.routed(adapter.request())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("user", "nearest"), [(EUROPEAN, "eu"), (INDIAN, "in")])
@pytest.mark.parametrize(
    ("dead", "left"),
    [((), ("eu", "in")), (("eu",), ("in",)), (("in",), ("eu",))],
    ids=["all alive", "Europe dead", "India dead"],
)
def test_every_name_leads_to_the_nearest_region_that_is_alive(
    adapter: Adapter,
    whole: Evaluation,
    host: str,
    user: User,
    nearest: str,
    dead: Collection[str],
    left: Collection[str],
) -> None:
    served = nearest if nearest in left else next(iter(left))
    assert adapter.answer(whole, host, user, nodes(*dead)) == nodes(served)


@pytest.mark.parametrize("user", [EUROPEAN, INDIAN, ELSEWHERE])
@pytest.mark.parametrize("primary", ["eu", "in"])
def test_the_primary_answers_everybody_when_nothing_is_alive(adapter: Adapter, user: User, primary: str) -> None:
    evaluation = adapter.routed(adapter.request(primary=primary))
    for host in HOSTS:
        assert adapter.answer(evaluation, host, user, nodes("eu", "in")) == nodes(primary)


def test_users_of_no_place_that_is_known_are_served(adapter: Adapter, whole: Evaluation) -> None:
    for dead in ((), ("eu",), ("in",)):
        assert adapter.answer(whole, HOSTS[0], ELSEWHERE, nodes(*dead)) <= nodes("eu", "in") - nodes(*dead)


@given(dead=st.sets(st.sampled_from(sorted(nodes("eu", "in")))), user=st.sampled_from([EUROPEAN, INDIAN, ELSEWHERE]))
@settings(suppress_health_check=[HypothesisHealthCheck.function_scoped_fixture])
def test_whatever_is_dead_users_reach_what_is_alive(
    adapter: Adapter, whole: Evaluation, dead: set[str], user: User
) -> None:
    alive = nodes("eu", "in") - dead
    answer = adapter.answer(whole, HOSTS[0], user, dead)
    assert answer
    assert answer <= alive or not alive


def test_a_dead_node_gets_nobody_while_its_region_stays(adapter: Adapter, whole: Evaluation) -> None:
    assert adapter.answer(whole, HOSTS[0], EUROPEAN, {"192.0.2.2"}) == {"192.0.2.1", "192.0.2.3"}


def test_a_region_with_fewer_nodes_than_it_needs_leaves_traffic(adapter: Adapter) -> None:
    request = adapter.request()
    pools = tuple(replace(each, minimum_origins=2) for each in request.pools)
    evaluation = adapter.routed(replace(request, pools=pools))
    assert adapter.answer(evaluation, HOSTS[0], EUROPEAN, {"192.0.2.1"}) == {"192.0.2.2", "192.0.2.3"}
    assert adapter.answer(evaluation, HOSTS[0], EUROPEAN, {"192.0.2.1", "192.0.2.2"}) == nodes("in")


@pytest.mark.parametrize("drained", ["eu", "in"])
@pytest.mark.parametrize("user", [EUROPEAN, INDIAN, ELSEWHERE])
def test_a_drained_region_gets_nobody_even_when_the_rest_is_dead(adapter: Adapter, drained: str, user: User) -> None:
    evaluation = adapter.routed(adapter.request(drained))
    rest = nodes("eu", "in") - nodes(drained)
    for host in HOSTS:
        for dead in (set(), nodes(drained), rest, nodes("eu", "in")):
            assert adapter.answer(evaluation, host, user, dead) <= rest


def test_a_drained_region_is_still_reached_by_its_direct_name_and_still_checked(adapter: Adapter) -> None:
    evaluation = adapter.routed(adapter.request("in"))
    assert adapter.answer(evaluation, "api-in.openova.io", EUROPEAN, ()) == nodes("in")
    assert checked(evaluation) == nodes("eu", "in")


def test_nothing_protected_stands_in_the_way_of_draining_or_turning_the_roles_round(adapter: Adapter) -> None:
    before = adapter.routed(adapter.request())
    for after in (adapter.routed(adapter.request("in")), adapter.routed(adapter.request(primary="in"))):
        kept = {item.urn for item in after.resources}
        assert [item.name for item in before.resources if item.protect and item.urn not in kept] == []


@pytest.mark.parametrize("region", ["eu", "in"])
def test_the_direct_name_of_a_region_leads_there_dead_or_alive(
    adapter: Adapter, whole: Evaluation, region: str
) -> None:
    for dead in (set(), nodes(region)):
        assert adapter.answer(whole, f"api-{region}.openova.io", EUROPEAN, dead) == nodes(region)


def checked(evaluation: Evaluation) -> set[str]:
    """The addresses that are checked over HTTPS, by the host's name and on the request's path, every 30 s."""
    found = set()
    for monitor in evaluation.of_type(MONITOR):
        wanted = {"type": "https", "path": "/health", "header": {"Host": [HOSTS[0]]}, "interval": 30, "retries": 2}
        assert wanted.items() <= monitor.inputs.items()
        for each in evaluation.of_type(POOL):
            assert each.inputs["monitor"] == monitor.name
            found |= {origin["address"] for origin in each.inputs["origins"]}
    for check in evaluation.of_type(CHECK):
        if check.inputs["type"] != "CALCULATED":
            wanted = {
                "type": "HTTPS", "resourcePath": "/health", "fqdn": HOSTS[0], "enableSni": True, "port": 443,
                "requestInterval": 30, "failureThreshold": 3,
            }  # fmt: skip
            assert wanted.items() <= check.inputs.items()
            found.add(check.inputs["ipAddress"])
    return found


def test_every_node_is_checked_over_https(whole: Evaluation) -> None:
    assert checked(whole) == nodes("eu", "in")


def test_a_node_that_is_switched_off_gets_nobody(adapter: Adapter) -> None:
    request = adapter.request()
    off = tuple(
        replace(each, origins=tuple(replace(o, enabled=not o.name.endswith("-2")) for o in each.origins))
        for each in request.pools
    )
    evaluation = adapter.routed(replace(request, pools=off))
    assert adapter.answer(evaluation, HOSTS[0], EUROPEAN, ()) == {"192.0.2.1", "192.0.2.3"}


def test_a_third_region_takes_its_place_in_every_order(adapter: Adapter) -> None:
    evaluation = adapter.routed(adapter.request(regions=("eu", "in", "br")))
    assert adapter.answer(evaluation, HOSTS[0], EUROPEAN, ()) == nodes("eu")
    assert adapter.answer(evaluation, HOSTS[0], INDIAN, nodes("in")) == nodes("eu")
    assert adapter.answer(evaluation, HOSTS[0], INDIAN, nodes("in", "eu")) == nodes("br")
    assert adapter.answer(evaluation, HOSTS[0], ELSEWHERE, nodes("in", "eu")) == nodes("br")


def test_a_new_tenant_changes_nothing_of_the_others(adapter: Adapter, whole: Evaluation) -> None:
    request = adapter.request()
    more = adapter.routed(replace(request, hosts=(*HOSTS, "api.new.openova.io")))
    assert adapter.answer(more, "api.new.openova.io", INDIAN, ()) == nodes("in")
    after = {item.urn: item for item in more.resources}
    assert [item.name for item in whole.resources if item.inputs != after[item.urn].inputs] == []


def test_a_name_that_is_not_asked_for_is_not_there(adapter: Adapter, whole: Evaluation) -> None:
    with pytest.raises(LookupError):
        adapter.answer(whole, "api.gone.openova.io", EUROPEAN, ())


def test_what_users_ask_for_is_made_last_and_so_goes_first(whole: Evaluation) -> None:
    """The engine deletes in the opposite order, and both providers refuse to lose what is still referenced."""
    known = {item.urn: item for item in whole.resources}

    def reaches(urn: str, seen: set[str]) -> set[str]:
        for needed in known[urn].depends_on:
            if needed not in seen:
                seen.add(needed)
                reaches(needed, seen)
        return seen

    pools = {item.urn for item in whole.resources if "-pool-" in item.name}
    assert len(pools) == 2
    for host in HOSTS:
        tops = [item for item in whole.resources if item.inputs.get("name") == host]
        assert tops
        assert pools <= set().union(*(reaches(top.urn, set()) for top in tops))


@pytest.mark.parametrize("protect", [True, False])
def test_protection_covers_what_users_ask_for(adapter: Adapter, protect: bool) -> None:
    evaluation = adapter.routed(replace(adapter.request(), protect=protect))
    asked = [item for item in evaluation.resources if item.inputs.get("name") in HOSTS]
    assert {item.protect for item in asked} == {protect}
    assert protect or not any(item.protect for item in evaluation.resources)


def test_nobody_is_told_unless_somebody_is_named(adapter: Adapter, whole: Evaluation) -> None:
    address = "ops@example.org"
    assert address not in str([item.inputs for item in whole.resources])
    told = adapter.routed(replace(adapter.request(), notifications=Notifications(email=address)))
    assert str([item.inputs for item in told.resources]).count(address) == 1


def test_everything_is_a_child_of_the_component_and_bears_its_name(adapter: Adapter) -> None:
    evaluation = adapter.routed(replace(adapter.request(), notifications=Notifications(email="ops@example.org")))
    (component,) = [item for item in evaluation.resources if item.type.startswith("openova:")]
    children = [item for item in evaluation.resources if item is not component]
    assert {item.parent for item in children} == {component.urn}
    assert all(item.name.startswith("edge-") for item in children)


def test_an_update_can_be_planned_before_any_address_is_known(adapter: Adapter) -> None:
    evaluation = record(lambda: adapter.provider.route("edge", adapter.request()))
    assert len(evaluation.resources) == len(adapter.routed(adapter.request()).resources)


def test_what_was_made_is_told_by_name_and_by_region(adapter: Adapter) -> None:
    made: list[Traffic] = []
    record(lambda: made.append(adapter.provider.route("edge", adapter.request())))
    assert set(made[0].host_ids) == set(HOSTS)
    assert set(made[0].pool_ids) == {"eu", "in"}
    assert made[0].health_hosts == {"eu": "api-eu.openova.io", "in": "api-in.openova.io"}


def refused(adapter: Adapter, **changes: Any) -> str:
    with pytest.raises(ValueError) as caught:
        adapter.routed(replace(adapter.request(), **changes))
    return str(caught.value)


def test_a_region_without_a_pool_is_refused(adapter: Adapter) -> None:
    assert "edge.drained" in refused(adapter, pools=(pool("eu"),))


def test_steering_with_problems_is_refused(adapter: Adapter) -> None:
    torn = LatencyRow(location="Gulf", rtt={"eu": (10, 20), "in": (50, 80)}, regions=("SAS",))
    regions = [SteeredRegion(code="eu"), SteeredRegion(code="in")]
    steering = steer([*MATRIX, torn], regions, primary="eu", tier=PlanTier.PRO)
    assert "SAS" in refused(adapter, steering=steering)


def test_plain_records_lead_to_one_region_and_every_region_keeps_its_direct_name(adapter: Adapter) -> None:
    request = RecordsRequest(hosts=HOSTS, pools=(pool("eu"), pool("in")), region="in")
    evaluation = applied(lambda: adapter.provider.point("edge", request))
    for host in HOSTS:
        assert adapter.answer(evaluation, host, EUROPEAN, ()) == nodes("in")
    assert adapter.answer(evaluation, "api-eu.openova.io", INDIAN, ()) == nodes("eu")


def test_plain_records_of_a_region_without_nodes_are_refused(adapter: Adapter) -> None:
    request = RecordsRequest(hosts=HOSTS, pools=(pool("eu"),), region="in")
    with pytest.raises(ValueError, match=r"authority\.primary"):
        applied(lambda: adapter.provider.point("edge", request))
