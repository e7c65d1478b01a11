"""The edge's steering as the plan shows it."""

from __future__ import annotations

from typing import Any

from components.edge.steering import Steering
from regions.traffic import detection_seconds, steering_of
from settings.naming import edge_hosts
from settings.platform import Platform

_ROUTE_53 = {"dynamic_latency": "latency", "geo": "geolocation", "off": "failover"}
"""Route 53's own words for how it answers."""


def document(platform: Platform) -> dict[str, Any]:
    """Mode, policy, the order of regions by area, and who wins each location."""
    edge, steering = platform.edge, steering_of(platform)
    maps = {"pop": steering.pop_pools, "country": steering.country_pools, "region": steering.region_pools}
    steered = edge.mode == "load-balancer"
    return {
        "mode": edge.mode if not steered else edge.steering,
        "provider": edge.provider,
        "policy": _policy(platform, steering),
        "hosts": list(edge_hosts(platform)),
        "locations": [
            {
                "name": row.location,
                "rtt": {code: list(span) for code, span in row.rtt.items()},
                "winner": steering.winners.get(row.location),
                "latitude": row.latitude,
                "longitude": row.longitude,
            }
            for row in platform.latency
        ],
        "areas": [
            {"area": area, "kind": kind, "pools": list(order)}
            for kind, areas in maps.items()
            for area, order in (sorted(areas.items()) if steered else ())
        ],
        "default": list(steering.default_order),
        "fallback": steering.fallback,
        "drained": list(edge.drained),
        "detectionSeconds": detection_seconds(platform),
    }


def _policy(platform: Platform, steering: Steering) -> str:
    if platform.edge.mode != "load-balancer":
        return platform.edge.mode
    return _ROUTE_53[steering.policy] if platform.edge.provider == "route53" else steering.policy
