"""The edge on the screen and as JSON: what was asked, nothing judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from operations.edge.model import EdgeSeen, PoolSeen
from settings.platform import Platform


def edge_table(platform: Platform, seen: EdgeSeen) -> Table:
    """One row a region: its pool, its servers' health, and the names that it is the first region of."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("region", "pool", "switched", "servers healthy", "first for", "first by place"):
        table.add_column(title)
    for code in platform.codes:
        pool = seen.pools.get(code)
        if pool is None:
            table.add_row(code, "none")
            continue
        first = [host.name for host in seen.hosts.values() if host.default[:1] == (code,)]
        places = sorted(
            {area for host in seen.hosts.values() for area, order in host.areas.items() if order[:1] == (code,)}
        )
        healthy = "not known" if pool.healthy is None else f"{pool.count} of {len(pool.servers)}"
        cells = [code, pool.name, "on" if pool.enabled else "off", healthy, ", ".join(first), ", ".join(places)]
        table.add_row(*(escape(cell) for cell in cells))
    return table


def edge_document(platform: Platform, seen: EdgeSeen | None, silence: str) -> Mapping[str, Any]:
    """The edge as JSON values; `silence` says why the rest is empty."""
    edge = platform.edge
    found: dict[str, Any] = {"provider": edge.provider, "mode": edge.mode, "silence": silence, "pools": [], "hosts": []}
    if seen is not None:
        found["pools"] = [_pool(platform, pool) for pool in seen.pools.values()]
        found["hosts"] = [
            {
                "name": host.name,
                "enabled": host.enabled,
                "first": next(iter(host.default), None),
                "order": list(host.default),
                "fallback": host.fallback,
                "areas": {area: list(order) for area, order in host.areas.items()},
            }
            for host in seen.hosts.values()
        ]
    return found


def _pool(platform: Platform, pool: PoolSeen) -> dict[str, Any]:
    return {
        "region": pool.region,
        "pool": pool.name,
        "enabled": pool.enabled,
        "healthy": pool.healthy,
        "drained": pool.region in platform.edge.drained,
        "servers": [
            {"name": server.name, "healthy": server.healthy, "reason": server.reason} for server in pool.servers
        ],
    }
