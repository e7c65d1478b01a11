"""Monitors, pools and load balancers: who refers to whom, and what the plan allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.cloudflare.account import Account, Object, new_id, now
from lab.cloudflare.balancing_bodies import BalancerBody, MonitorBody, PoolBody
from lab.cloudflare.errors import absent, invalid, not_enabled, not_unique, referenced
from lab.cloudflare.request import Answer, Body, Request
from settings.geography import REGION_CODES, REGION_NAMES
from settings.tiers import MAXIMUM_INTERVAL_SECONDS

_STAMPS = ("id", "created_on", "modified_on", "networks", "zone_name", "disabled_at")
_FORMS: Mapping[str, type[Body]] = {"monitors": MonitorBody, "pools": PoolBody, "load_balancers": BalancerBody}


class Table:
    """The five verbs of one kind of object."""

    def __init__(self, name: str) -> None:
        self.name = name

    def list(self, account: Account, request: Request) -> Answer:
        """Every object; by name with `name`, and pools by `monitor`."""
        wanted = {key: request.query[key] for key in ("name", "monitor") if key in request.query}
        found = [
            one
            for one in account.tables[self.name].values()
            if all(one.get(key) == value for key, value in wanted.items())
        ]
        return Answer([*found])

    def get(self, account: Account, request: Request) -> Answer:
        """One object."""
        return Answer(self._one(account, request))

    def create(self, account: Account, request: Request) -> Answer:
        """Make one."""
        if not account.contract.load_balancing:
            raise not_enabled()
        return Answer(self._write(account, request.body(_FORMS[self.name]), {"id": new_id(), "created_on": now()}))

    def update(self, account: Account, request: Request) -> Answer:
        """Put one in the place of what is there: what the body leaves out is its default again."""
        before = self._one(account, request)
        return Answer(self._write(account, request.body(_FORMS[self.name]), before))

    def edit(self, account: Account, request: Request) -> Answer:
        """Change what the body names and nothing else."""
        before = self._one(account, request)
        return Answer(self._write(account, request.body(_FORMS[self.name], _own(before)), before))

    def delete(self, account: Account, request: Request) -> Answer:
        """Remove one that nothing refers to."""
        one = self._one(account, request)
        if any(referrers(account, self.name, one["id"])):
            raise referenced()
        del account.tables[self.name][one["id"]]
        account.changed()
        return Answer({"id": one["id"]})

    def references(self, account: Account, request: Request) -> Answer:
        """Who refers to one."""
        found = referrers(account, self.name, self._one(account, request)["id"])
        return Answer(
            [
                {
                    "reference_type": "referrer",
                    "resource_type": kind,
                    "resource_id": other["id"],
                    "resource_name": other.get("name", ""),
                }
                for kind, other in found
            ]
        )

    def health(self, account: Account, request: Request) -> Answer:
        """What each check region sees of a pool."""
        one = self._one(account, request)
        return Answer({"pool_id": one["id"], "pop_health": account.health_of(one)})

    def _one(self, account: Account, request: Request) -> Object:
        one = account.tables[self.name].get(request.path["id"])
        if one is None:
            raise absent(self.name.removesuffix("s").replace("_", " "))
        return one

    def _write(self, account: Account, body: Body, stamps: Mapping[str, Any]) -> Object:
        _RULES[self.name](account, body, stamps["id"])
        one: Object = {key: value for key, value in body.model_dump().items() if value is not None}
        one |= {"id": stamps["id"], "created_on": stamps["created_on"], "modified_on": now()}
        _RETURNED[self.name](account, one, stamps)
        account.tables[self.name][one["id"]] = one
        account.changed()
        return one


def _own(value: Any) -> Any:
    """What was sent, without what was added to it."""
    if isinstance(value, dict):
        return {key: _own(item) for key, item in value.items() if key not in _STAMPS}
    return [_own(item) for item in value] if isinstance(value, list) else value


def referrers(account: Account, table: str, id_: str) -> Iterator[tuple[str, Object]]:
    """The pools that use a monitor, or the load balancers that use a pool, each with its kind."""
    if table == "monitors":
        yield from (("pool", pool) for pool in account.tables["pools"].values() if pool.get("monitor") == id_)
    if table == "pools":
        for balancer in account.tables["load_balancers"].values():
            if id_ in used_pools(balancer):
                yield "load_balancer", balancer


def used_pools(balancer: Mapping[str, Any]) -> set[str]:
    """The ids of every pool that a load balancer names, in whichever place."""
    maps = [balancer.get(f"{what}_pools") or {} for what in ("pop", "country", "region")]
    return {
        *balancer["default_pools"],
        balancer["fallback_pool"],
        *(pool for areas in maps for pools in areas.values() for pool in pools),
    }


def region_list(account: Account, request: Request) -> Answer:
    """The regions that pools and steering know (without their countries, which the real list has)."""
    return Answer(
        {
            "iso_standard": "Country and subdivision codes follow ISO 3166-1 alpha-2 and ISO 3166-2",
            "regions": [{"region_code": code, "countries": []} for code in sorted(REGION_NAMES)],
        }
    )


def _monitor_rules(account: Account, body: Any, id_: str) -> None:
    lowest = account.contract.minimum_interval
    if not lowest <= body.interval <= MAXIMUM_INTERVAL_SECONDS:
        raise invalid(f"interval is not in range [{lowest}, {MAXIMUM_INTERVAL_SECONDS}]")
    if body.timeout >= body.interval:
        raise invalid(f"timeout {body.timeout} is not below the interval {body.interval}")
    if body.probe_zone not in ("", account.contract.zone):
        raise invalid(f"probe_zone {body.probe_zone} is not a zone of this account")


def _pool_rules(account: Account, body: Any, id_: str) -> None:
    others = [pool for pool in account.tables["pools"].values() if pool["id"] != id_]
    allowed = account.contract.limits
    if any(pool["name"] == body.name for pool in others):
        raise not_unique("name")
    if body.monitor and body.monitor not in account.tables["monitors"]:
        raise invalid(f"monitor {body.monitor} does not exist")
    if body.check_regions is None and not allowed.all_data_centres:
        raise invalid(
            "Probing from every data centre is not allowed with this subscription. Please choose regions to probe from."
        )
    asked = REGION_CODES if "ALL_REGIONS" in (body.check_regions or ()) else set(body.check_regions or ())
    if len(asked) > allowed.check_regions:
        raise invalid(f"check_regions: the subscription allows {allowed.check_regions}, not {len(asked)}")
    if allowed.pools is not None and len(others) >= allowed.pools:
        raise invalid(f"the subscription allows {allowed.pools} pools")
    endpoints = sum(len(pool["origins"]) for pool in others) + len(body.origins)
    if allowed.endpoints is not None and endpoints > allowed.endpoints:
        raise invalid(f"the subscription allows {allowed.endpoints} origins, not {endpoints}")


def _balancer_rules(account: Account, body: Any, id_: str) -> None:
    others = [one for one in account.tables["load_balancers"].values() if one["id"] != id_]
    contract = account.contract
    if body.name != contract.zone and not body.name.endswith(f".{contract.zone}"):
        raise invalid(f"name {body.name} is not in the zone {contract.zone}")
    if any(one["name"] == body.name for one in others):
        raise not_unique("name")
    if body.pop_pools and not contract.limits.pop_steering:
        raise invalid("pop_pools is not allowed with this subscription")
    unknown = sorted(used_pools(body.model_dump()) - account.tables["pools"].keys())
    if unknown:
        raise invalid(f"pool {unknown[0]} does not exist")
    # The documents' lower end for records is 60; load balancers have always been made with 30.
    if body.ttl is not None and not 30 <= body.ttl <= 86400:
        raise invalid("ttl is not in range [30, 86400]")
    if contract.limits.load_balancers is not None and len(others) >= contract.limits.load_balancers:
        raise invalid(f"the subscription allows {contract.limits.load_balancers} load balancers")


_RULES = {"monitors": _monitor_rules, "pools": _pool_rules, "load_balancers": _balancer_rules}


def _monitor_returned(account: Account, one: Object, before: Mapping[str, Any]) -> None:
    if one["type"] in ("http", "https"):
        one.setdefault("method", "GET")
        one.setdefault("path", "/")
    elif one["type"] == "tcp":
        one.setdefault("method", "connection_established")


def _pool_returned(account: Account, one: Object, before: Mapping[str, Any]) -> None:
    one["networks"] = ["cloudflare"]
    for thing in (one, *one["origins"]):
        if not thing["enabled"]:
            thing["disabled_at"] = now()
    for origin in one["origins"]:
        for key in [key for key, value in origin.items() if value is None]:
            del origin[key]


def _balancer_returned(account: Account, one: Object, before: Mapping[str, Any]) -> None:
    for what in ("pop_pools", "country_pools", "region_pools"):
        one.setdefault(what, {})
    if one["steering_policy"] == "":
        steered = one["pop_pools"] or one["country_pools"] or one["region_pools"]
        one["steering_policy"] = "geo" if steered else "off"
    one["session_affinity"] = one["session_affinity"] or "none"
    one.setdefault("adaptive_routing", {"failover_across_pools": False})
    one.setdefault("location_strategy", {"mode": "pop", "prefer_ecs": "proximity"})
    one.setdefault("random_steering", {"default_weight": 1})
    one.setdefault(
        "session_affinity_attributes",
        {"samesite": "Auto", "secure": "Auto", "drain_duration": 0, "zero_downtime_failover": "none"},
    )
    one.setdefault("rules", [])
    one.setdefault("networks", ["cloudflare"])
    one["zone_name"] = account.contract.zone
    if not one["proxied"]:
        one.setdefault("ttl", 30)


_RETURNED = {"monitors": _monitor_returned, "pools": _pool_returned, "load_balancers": _balancer_returned}
MONITORS, POOLS, BALANCERS = Table("monitors"), Table("pools"), Table("load_balancers")
