"""Which pools a load balancer would ask, the first choice first. Pure functions.

Source: load-balancing/understand-basics/traffic-steering/steering-policies, and the load balancer's fields in the API.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.cloudflare.plane.places import Place, distance

Pools = Mapping[str, Mapping[str, Any]]
Rtt = Callable[[str, str], float | None]
"""Seconds from a region of the world to a pool, as its checks measured them; None where none did."""


class NotImitated(Exception):  # noqa: N818 it is no error of the caller
    """The load balancer asks for steering that this data plane does not know."""


def order(balancer: Mapping[str, Any], place: Place, pools: Pools, rtt: Rtt, chance: random.Random) -> Sequence[str]:
    """The ids of the pools for a request from there, healthy or not. Raises NotImitated."""
    default: list[str] = balancer["default_pools"]
    match balancer["steering_policy"]:
        case "off":
            return default
        case "geo":
            return _by_area(balancer, place) or default
        case "proximity":
            return _by_distance(default, place, pools)
        case "dynamic_latency":
            return _by_latency(default, place, rtt)
        case "random":
            return _by_chance(balancer, chance)
        case other:
            raise NotImitated(f"Steering by {other} is not imitated here.")


def _by_area(balancer: Mapping[str, Any], place: Place) -> Sequence[str]:
    """The data centre's own list, else the country's, else the region's."""
    for what, code in (("pop", place.pop), ("country", place.country), ("region", place.region)):
        found: Sequence[str] = balancer[f"{what}_pools"].get(code, ())
        if found:
            return found
    return ()


def _by_distance(default: Sequence[str], place: Place, pools: Pools) -> Sequence[str]:
    here = place.coordinates
    if here is None:
        raise NotImitated(f"The coordinates of {place.pop} are not known here (lab/cloudflare/plane/places.py).")

    def kilometres(pool: str) -> float:
        latitude, longitude = pools[pool].get("latitude"), pools[pool].get("longitude")
        return float("inf") if latitude is None or longitude is None else distance(here, (latitude, longitude))

    return sorted(default, key=kilometres)


def _by_latency(default: Sequence[str], place: Place, rtt: Rtt) -> Sequence[str]:
    """The fastest first; with a pool that nobody measured from this region, the order as it is written."""
    measured = {pool: rtt(place.region, pool) for pool in default}
    known = {pool: seconds for pool, seconds in measured.items() if seconds is not None}
    return sorted(default, key=lambda pool: known[pool]) if len(known) == len(default) else default


def _by_chance(balancer: Mapping[str, Any], chance: random.Random) -> Sequence[str]:
    """One after the other by weight, without the ones before."""
    steering = balancer["random_steering"]
    weights = {
        pool: (steering.get("pool_weights") or {}).get(pool, steering.get("default_weight", 1))
        for pool in balancer["default_pools"]
    }
    chosen: list[str] = []
    while weights:
        total = sum(weights.values())
        pool = chance.choices([*weights], [*weights.values()])[0] if total > 0 else next(iter(weights))
        chosen.append(pool)
        del weights[pool]
    return chosen
