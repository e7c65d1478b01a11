"""What the local API refuses: unknown fields, bad values, what the plan does not allow, what is not yours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lab.cloudflare.account import ACCOUNT_ID, ZONE_ID, Account, Contract
from lab.cloudflare.server import Api, serving
from settings.tiers import PlanTier

pytestmark = pytest.mark.edge

POOLS = f"/accounts/{ACCOUNT_ID}/load_balancers/pools"
MONITORS = f"/accounts/{ACCOUNT_ID}/load_balancers/monitors"
BALANCERS = f"/zones/{ZONE_ID}/load_balancers"
MONITOR = {"type": "https", "path": "/health", "expected_codes": "200", "interval": 60}
POOL = {"name": "europe-pool", "origins": [{"name": "one", "address": "192.0.2.1"}], "check_regions": ["WEU"]}


class Asking:
    """A client of one account."""

    def __init__(self, base: str, account: Account) -> None:
        self.account = account
        self._base = base
        self._token = account.token()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        given = {"Authorization": f"Bearer {self._token}", **headers}
        answer = httpx.request(method, f"{self._base}{path}", json=body, headers=given)
        return answer.status_code, answer.json()

    def make(self, path: str, body: Any) -> str:
        status, answer = self("POST", path, body)
        assert status == 200, answer
        assert answer["success"] is True
        assert answer["errors"] == answer["messages"] == []
        return str(answer["result"]["id"])

    def refused(self, method: str, path: str, body: Any = None) -> str:
        status, answer = self(method, path, body)
        assert answer["success"] is False
        assert answer["result"] is None
        (error,) = answer["errors"]
        return f"{status} {error['code']} {error['message']}"


def asking_of(contract: Contract) -> Iterator[Asking]:
    account = Account(contract)
    with serving(Api(account)) as base:
        yield Asking(base, account)


@pytest.fixture
def pro() -> Iterator[Asking]:
    yield from asking_of(Contract(plan=PlanTier.PRO))


@pytest.fixture
def enterprise() -> Iterator[Asking]:
    yield from asking_of(Contract(plan=PlanTier.ENTERPRISE))


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (MONITORS, {**MONITOR, "colour": "red"}, "unknown field 'colour'"),
        (MONITORS, {**MONITOR, "interval": "60"}, "interval"),
        (MONITORS, {**MONITOR, "timeout": 11}, "timeout"),
        (MONITORS, {**MONITOR, "retries": 6}, "retries"),
        (MONITORS, {**MONITOR, "expected_codes": ""}, "expected_codes"),
        (MONITORS, {**MONITOR, "type": "gopher"}, "type"),
        (MONITORS, {**MONITOR, "path": "health"}, "path"),
        (MONITORS, {**MONITOR, "probe_zone": "example.org"}, "probe_zone"),
        (MONITORS, {"type": "tcp"}, "port is required"),
        (POOLS, {**POOL, "name": "europe pool"}, "name"),
        (POOLS, {**POOL, "origins": []}, "origins"),
        (POOLS, {**POOL, "origins": [{"name": "one", "address": "10.0.0.1"}]}, "internal address"),
        (POOLS, {**POOL, "origins": [{"name": "one", "address": "no address"}]}, "not a valid IP or hostname"),
        (POOLS, {**POOL, "origins": [{"name": "one", "address": "192.0.2.1", "weight": 2}]}, "weight"),
        (POOLS, {**POOL, "origins": [{"name": n, "address": "192.0.2.1"} for n in "ab"]}, "each address"),
        (POOLS, {**POOL, "origins": [{"name": "a", "address": f"192.0.2.{n}"} for n in (1, 2)]}, "each name"),
        (POOLS, {**POOL, "check_regions": ["EUROPE"]}, "check_regions"),
        (POOLS, {**POOL, "latitude": 49.0}, "latitude and longitude"),
        (POOLS, {**POOL, "monitor": "0" * 32}, "monitor"),
        (BALANCERS, {"name": "api.openova.io"}, "default_pools"),
    ],
)
def test_a_body_with_a_wrong_field_or_value_is_refused(pro: Asking, path: str, body: Any, told: str) -> None:
    text = pro.refused("POST", path, body)
    assert text.startswith("400 1002")
    assert told in text
    assert not any(pro.account.tables.values())


def balancer(pool: str, **changes: Any) -> dict[str, Any]:
    return {"name": "api.openova.io", "default_pools": [pool], "fallback_pool": pool, **changes}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "api.example.org"}, "not in the zone"),
        ({"name": "not a name"}, "not a hostname"),
        ({"fallback_pool": "f" * 32}, "does not exist"),
        ({"region_pools": {"EUROPE": []}}, "region_pools"),
        ({"region_pools": {"WEU": []}}, "region_pools"),
        ({"country_pools": {"XX": ["f" * 32]}}, "XX is no country"),
        ({"region_pools": {"WEU": ["f" * 32]}}, "does not exist"),
        ({"pop_pools": {"FRA": ["f" * 32]}}, "pop_pools is not allowed with this subscription"),
        ({"steering_policy": "nearest"}, "steering_policy"),
        ({"proxied": True, "ttl": 30}, "ttl"),
        ({"ttl": 5}, "ttl is not in range"),
        ({"rules": [{"name": "one"}]}, "rules"),
    ],
)
def test_a_load_balancer_with_a_wrong_field_or_value_is_refused(pro: Asking, changes: Any, told: str) -> None:
    pool = pro.make(POOLS, POOL)
    text = pro.refused("POST", BALANCERS, balancer(pool, **changes))
    assert text.startswith("400 1002")
    assert told in text


def test_names_are_unique(pro: Asking) -> None:
    pool = pro.make(POOLS, POOL)
    pro.make(BALANCERS, balancer(pool))
    assert pro.refused("POST", POOLS, POOL).startswith("400 1003")
    assert pro.refused("POST", BALANCERS, balancer(pool)).startswith("400 1003")
    other = pro.make(POOLS, {**POOL, "name": "other"})
    assert pro.refused("PATCH", f"{POOLS}/{other}", {"name": "europe-pool"}).startswith("400 1003")


def test_a_change_of_one_field_leaves_the_others(pro: Asking) -> None:
    origins = [{"name": "one", "address": "192.0.2.1", "enabled": False}, {"name": "two", "address": "192.0.2.2"}]
    pool = pro.make(POOLS, {**POOL, "origins": origins, "minimum_origins": 2})
    _, answer = pro("PATCH", f"{POOLS}/{pool}", {"description": "changed"})
    changed = answer["result"]
    assert (changed["description"], changed["minimum_origins"], changed["check_regions"]) == ("changed", 2, ["WEU"])
    assert ["disabled_at" in origin for origin in changed["origins"]] == [True, False]


@pytest.mark.parametrize(
    ("plan", "bought", "lowest"),
    [
        (PlanTier.FREE, False, 60),
        (PlanTier.PRO, False, 60),
        (PlanTier.PRO, True, 15),
        (PlanTier.BUSINESS, False, 15),
        (PlanTier.ENTERPRISE, False, 10),
    ],
)
def test_the_shortest_interval_is_the_plans(plan: PlanTier, bought: bool, lowest: int) -> None:
    for asking in asking_of(Contract(plan=plan, faster_checks=bought)):
        asking.make(MONITORS, {**MONITOR, "interval": lowest})
        told = asking.refused("POST", MONITORS, {**MONITOR, "interval": lowest - 1})
        assert told == f"400 1002 interval is not in range [{lowest}, 3600]: validation failed"


def test_checks_from_everywhere_and_steering_by_data_centre_are_for_enterprise(pro: Asking, enterprise: Asking) -> None:
    everywhere = {key: value for key, value in POOL.items() if key != "check_regions"}
    assert "Probing from every data centre" in pro.refused("POST", POOLS, everywhere)
    assert "check_regions" in pro.refused("POST", POOLS, {**POOL, "check_regions": ["ALL_REGIONS"]})
    pool = enterprise.make(POOLS, everywhere)
    enterprise.make(BALANCERS, balancer(pool, pop_pools={"FRA": [pool]}))


def test_a_plan_without_contract_has_twenty_origins(pro: Asking, enterprise: Asking) -> None:
    many = [{"name": str(number), "address": f"192.0.2.{number}"} for number in range(1, 22)]
    assert "allows 20 origins, not 21" in pro.refused("POST", POOLS, {**POOL, "origins": many})
    enterprise.make(POOLS, {**POOL, "origins": many})


def test_without_load_balancing_nothing_of_it_is_made() -> None:
    for asking in asking_of(Contract(load_balancing=False)):
        for path, body in ((POOLS, POOL), (MONITORS, MONITOR)):
            assert "not enabled" in asking.refused("POST", path, body)


def test_without_the_certificate_manager_no_certificate_is_ordered() -> None:
    for asking in asking_of(Contract(advanced_certificates=False)):
        assert asking.refused("POST", f"/zones/{ZONE_ID}/acm/total_tls", {"enabled": True}).startswith("403 1450")


def test_other_accounts_zones_and_paths_are_refused(pro: Asking) -> None:
    assert pro.refused("GET", f"/zones/{'f' * 32}/dns_records").startswith("403 9109")
    assert pro.refused("GET", "/zones/openova/dns_records").startswith("404 7003")
    assert pro.refused("GET", f"/zones/{ZONE_ID}/nothing").startswith("404 7003")
    assert pro.refused("GET", f"{POOLS}/{'f' * 32}").startswith("404 1001")
    assert pro.refused("POST", f"/zones/{ZONE_ID}").startswith("404 7003")


@pytest.mark.parametrize(
    ("scopes", "allowed", "refused"),
    [
        ({"DNS Read"}, ("GET", f"/zones/{ZONE_ID}/dns_records"), ("DELETE", f"/zones/{ZONE_ID}/dns_records/x")),
        ({"Load Balancing: Monitors and Pools Write"}, ("GET", POOLS), ("GET", BALANCERS)),
        ({"Load Balancers Write"}, ("GET", BALANCERS), ("GET", f"/zones/{ZONE_ID}/dns_records")),
        (set(), ("GET", "/user/tokens/verify"), ("GET", "/zones")),
    ],
)
def test_a_token_does_what_its_permissions_say(
    pro: Asking, scopes: set[str], allowed: tuple[str, str], refused: tuple[str, str]
) -> None:
    token = pro.account.token(frozenset(scopes))
    given = {"Authorization": f"Bearer {token}"}
    assert pro(*allowed, **given)[0] == 200
    status, answer = pro(*refused, **given)
    assert (status, answer["errors"]) == (403, [{"code": 10000, "message": "Authentication error"}])


@pytest.mark.parametrize(
    ("header", "told"),
    [("Bearer short", "6003"), ("Token " + "x" * 40, "6003"), ("Bearer " + "x" * 40, "9109")],
)
def test_credentials_that_are_none_are_refused(pro: Asking, header: str, told: str) -> None:
    _, answer = pro("GET", "/zones", Authorization=header)
    assert str(answer["errors"][0]["code"]) == told


def test_a_body_that_is_no_json_object_is_refused(pro: Asking) -> None:
    assert pro.refused("POST", POOLS, [1, 2]).startswith("400 6007")


def test_lists_come_in_pages(enterprise: Asking) -> None:
    for number in range(5):
        enterprise.make(MONITORS, {**MONITOR, "description": str(number)})
    _, answer = enterprise("GET", f"{MONITORS}?per_page=2&page=3")
    assert [one["description"] for one in answer["result"]] == ["4"]
    assert answer["result_info"] == {"page": 3, "per_page": 2, "count": 1, "total_count": 5, "total_pages": 3}
