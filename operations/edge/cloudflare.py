"""Cloudflare's load balancing as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from components.edge.steering import Steering
from operations.edge import direct
from operations.edge.api import CloudflareApi
from operations.edge.model import Asked, EdgeError, EdgeSeen, HostSeen, Order, PoolSeen, ServerSeen
from regions.traffic import steering_of
from settings.naming import edge_hosts, health_host, pool_name
from settings.platform import Platform

MAPS: Final = ("pop_pools", "country_pools", "region_pools")
UP: Final = "pulumi up --stack global"
_AT_ONCE: Final = 8

Object = Mapping[str, Any]


class CloudflareEdge:
    """The pools of an account and the load balancers of a zone. `front` is as in `direct.ask`."""

    def __init__(self, api: CloudflareApi, platform: Platform, front: str = "") -> None:
        self._api = api
        self._platform = platform
        self._front = front
        self._pools_path = f"/accounts/{platform.edge.account_id}/load_balancers/pools"
        self._hosts_path = f"/zones/{platform.edge.zone_id}/load_balancers"

    def look(self) -> EdgeSeen:
        """Every pool with what is known of its health, and every name with its orders. Raises EdgeError."""
        with ThreadPoolExecutor(_AT_ONCE) as asking:
            balancers = asking.submit(self._api.every, self._hosts_path)
            pools = self._pools()
            seen = dict(zip(pools, asking.map(self._pool, pools, pools.values()), strict=True))
            return EdgeSeen(seen, self._hosts(pools, balancers.result()))

    def ask(self, code: str) -> Asked:
        """Ask the region through Cloudflare now."""
        if not self._front and not self._api.own:
            return Asked("not asked: the API is another one than Cloudflare's own (OPENOVA_EDGE_URL)", alive=None)
        host, path = health_host(self._platform, code), self._platform.edge.monitor.path
        return direct.ask(host, path, front=self._front, through_cloudflare=True)

    def carry_out(self, platform: Platform) -> tuple[str, ...]:
        """Set the orders of the settings where they differ. Raises EdgeError, which also tells what was changed."""
        with ThreadPoolExecutor(_AT_ONCE) as asking:
            listed = asking.submit(self._api.every, self._hosts_path)
            ids = {code: str(pool["id"]) for code, pool in self._pools().items()}
            balancers = {str(one["name"]): one for one in listed.result()}
            orders = _bodies(steering_of(platform), ids)
            wanted = {name: _differing(balancers[name], orders) for name in edge_hosts(platform) if name in balancers}
            tasks = {
                name: asking.submit(self._api.patch, f"{self._hosts_path}/{balancers[name]['id']}", body)
                for name, body in wanted.items()
                if body
            }
        failed = {name: error for name, task in tasks.items() if (error := task.exception()) is not None}
        absent = [name for name in edge_hosts(platform) if name not in balancers]
        if failed or absent:
            parts = [str(error) for error in failed.values()] + [f"{name} has no load balancer" for name in absent]
            done = ", ".join(name for name in tasks if name not in failed)
            raise EdgeError(f"{'; '.join(parts)} ({f'changed: {done}' if done else 'nothing was changed'})")
        return tuple(tasks)

    def _pools(self) -> dict[str, Object]:
        """Our pools by region."""
        found = {str(pool["name"]): pool for pool in self._api.every(self._pools_path)}
        named = {line.code: pool_name(line) for line in self._platform.regions}
        return {code: found[name] for code, name in named.items() if name in found}

    def _pool(self, code: str, pool: Object) -> PoolSeen:
        checked, silence = dict[str, list[tuple[bool, str]]](), ""
        try:
            health = self._api.one(f"{self._pools_path}/{pool['id']}/health")
            checked = _by_address(health.get("pop_health") or {})
        except EdgeError as error:
            silence = str(error)
        servers = tuple(
            _server(str(origin["name"]), checked.get(str(origin["address"]), []))
            for origin in pool["origins"]
            if origin.get("enabled", True)
        )
        enabled, minimum = bool(pool.get("enabled", True)), int(pool.get("minimum_origins") or 1)
        return PoolSeen(code, str(pool["name"]), enabled, minimum, servers, silence)

    def _hosts(self, pools: Mapping[str, Object], balancers: list[dict[str, Any]]) -> dict[str, HostSeen]:
        codes = {str(pool["id"]): code for code, pool in pools.items()}
        wanted = edge_hosts(self._platform)
        return {one["name"]: _host(one, codes) for one in balancers if one["name"] in wanted}


def _bodies(steering: Steering, ids: Mapping[str, str]) -> dict[str, Any]:
    """The orders as fields of a load balancer. Raises EdgeError where a region has no pool."""
    used = {code for order in steering.orders for code in order}
    absent = sorted(used - ids.keys())
    if absent or steering.problems or not steering.default_order:
        why = f"there is no pool for {', '.join(absent)}" if absent else "the settings give no order of regions"
        raise EdgeError(f"{why} (nothing was changed)")
    areas = {name: getattr(steering, name) for name in MAPS}
    return {
        "default_pools": [ids[code] for code in steering.default_order],
        "fallback_pool": ids[steering.fallback],
        **{
            name: {area: [ids[code] for code in order] for area, order in orders.items()}
            for name, orders in areas.items()
        },
    }


def _differing(balancer: Object, orders: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in orders.items() if (balancer.get(key) or type(value)()) != value}


def _host(balancer: Object, codes: Mapping[str, str]) -> HostSeen:
    def order(ids: list[str]) -> Order:
        return tuple(codes.get(one, one) for one in ids)

    areas = {area: order(ids) for name in MAPS for area, ids in (balancer.get(name) or {}).items()}
    (fallback,) = order([str(balancer["fallback_pool"])])
    enabled = bool(balancer.get("enabled", True))
    return HostSeen(str(balancer["name"]), enabled, order(balancer["default_pools"]), fallback, areas)


def _by_address(health: Object) -> dict[str, list[tuple[bool, str]]]:
    """What each place that checks said of each address: healthy or not, and why not."""
    found: dict[str, list[tuple[bool, str]]] = {}
    for region in health.values():
        for origin in region.get("origins") or ():
            for address, said in origin.items():
                reason = str(said.get("failure_reason") or "")
                found.setdefault(address, []).append((bool(said.get("healthy")), reason))
    return found


def _server(name: str, checked: list[tuple[bool, str]]) -> ServerSeen:
    if not checked:
        return ServerSeen(name, None, anywhere=False)
    passed = sum(healthy for healthy, _ in checked)
    reason = next((why for healthy, why in checked if not healthy), "")
    return ServerSeen(name, passed * 2 > len(checked), anywhere=passed > 0, reason=reason)
