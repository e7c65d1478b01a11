"""Which region serves which users: the steering of a load balancer, worked out from a latency matrix.

Pure functions. An area is a code of the edge's map: a PoP (data centre), a country, or a region of the world.
Cloudflare asks its maps in this order: PoP, country, region, and last the default order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from settings.tiers import PlanTier, limits

Mode = Literal["auto", "pop", "country", "region", "proximity", "dynamic", "off"]
Policy = Literal["geo", "proximity", "dynamic_latency", "off"]
Order = tuple[str, ...]

_POLICIES: Mapping[str, Policy] = {"proximity": "proximity", "dynamic": "dynamic_latency", "off": "off"}
_PROPAGATION_SECONDS = 5
_ROUTE_53_TIMEOUT_SECONDS = 6


@dataclass(frozen=True, kw_only=True)
class LatencyRow:
    """A place where users are. `rtt` maps a region's code to its round-trip time (lowest, highest) in ms;
    the other fields are the edge's codes of the place."""

    location: str
    rtt: Mapping[str, tuple[float, float]]
    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    pops: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SteeredRegion:
    """A region of the platform. A drained one gets no traffic, and is left out everywhere."""

    code: str
    drained: bool = False


@dataclass(frozen=True, kw_only=True)
class Steering:
    """The answer. Every order holds each region that is not drained exactly once, the best first.

    `policy` is the load balancer's steering policy. The three `..._pools` map an area's code to its
    order; `default_order` is for areas in none of them, and `fallback` is asked last of all. `winners`
    maps each row's location to its nearest region. With `problems` the rest must not be used.
    """

    policy: Policy
    default_order: Order
    fallback: str
    pop_pools: Mapping[str, Order] = field(default_factory=dict)
    country_pools: Mapping[str, Order] = field(default_factory=dict)
    region_pools: Mapping[str, Order] = field(default_factory=dict)
    winners: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def orders(self) -> tuple[Order, ...]:
        """Every order in it, the default one first."""
        maps = (self.pop_pools, self.country_pools, self.region_pools)
        return (self.default_order, *(order for areas in maps for order in areas.values()))


def midpoint(span: tuple[float, float]) -> float:
    """The middle of a range of round-trip times."""
    low, high = span
    return (low + high) / 2


def nearest_first(rtt: Mapping[str, tuple[float, float]], regions: Sequence[str]) -> Order:
    """The regions by the middle of their range; equal ones keep their order in `regions`.

    A region without a measurement comes last: a new region takes no traffic from one that is known to be near.
    """
    return tuple(sorted(regions, key=lambda code: midpoint(rtt[code]) if code in rtt else float("inf")))


def resolve_mode(mode: Mode, tier: PlanTier) -> Mode:
    """`auto` is by PoP where the plan allows it, else by region."""
    if mode != "auto":
        return mode
    return "pop" if limits(tier).pop_steering else "region"


def steer(
    matrix: Sequence[LatencyRow],
    regions: Sequence[SteeredRegion],
    *,
    primary: str,
    tier: PlanTier,
    mode: Mode = "auto",
) -> Steering:
    """The steering for these users and regions; areas that two rows claim for different regions are in `problems`.

    A finer mode also fills the coarser maps from the same rows, because a data centre that opened
    yesterday is in no list of PoPs yet, and would go to the default order.
    """
    open_regions = tuple(region.code for region in regions if not region.drained)
    chosen = resolve_mode(mode, tier)
    rows = [(row, nearest_first(row.rtt, open_regions)) for row in matrix]
    problems = [
        *_claims("PoP", [(row.location, row.pops, order) for row, order in rows]),
        *_claims("country", [(row.location, row.countries, order) for row, order in rows]),
        *_claims("region", [(row.location, row.regions, order) for row, order in rows]),
    ]
    default_order = tuple(sorted(open_regions, key=lambda code: code != primary))
    return Steering(
        policy=_POLICIES.get(chosen, "geo"),
        default_order=default_order,
        fallback=default_order[0] if default_order else "",
        pop_pools=_areas((row.pops, order) for row, order in rows) if chosen == "pop" else {},
        country_pools=_areas((row.countries, order) for row, order in rows) if chosen in ("pop", "country") else {},
        region_pools=_areas((row.regions, order) for row, order in rows) if chosen not in _POLICIES else {},
        winners={row.location: order[0] for row, order in rows if order},
        problems=tuple(problems),
    )


def worst_case_detection_seconds(*, interval: int, timeout: int, retries: int, consecutive_down: int = 1) -> int:
    """Seconds from the failure of an origin until traffic leaves it, at worst.

    The check has just passed (one interval), every try times out, and the verdict needs about 5 s to
    reach all data centres; each further failed check that is asked for costs one more interval.
    """
    extra = max(0, consecutive_down - 1) * interval
    return interval + (retries + 1) * timeout + extra + _PROPAGATION_SECONDS


def dns_detection_seconds(*, interval: int, failures: int, ttl: int) -> int:
    """The same where the provider only answers names: resolvers keep the last answer for `ttl` seconds.

    A check of Route 53 fails after 4 s without a connection and 2 s without an answer (Developer Guide, "How Route 53
    determines whether a health check is healthy"); `failures` in a row are asked for.
    """
    return interval * failures + _ROUTE_53_TIMEOUT_SECONDS + ttl


def connector_detection_seconds(*, interval: int, timeout: int, retries: int) -> int:
    """The same for the connectors of a tunnel, where each pod checks its own region (`components.edge.connector`)."""
    return (retries + 1) * (interval + timeout) + _PROPAGATION_SECONDS


def _areas(claims: Iterable[tuple[tuple[str, ...], Order]]) -> dict[str, Order]:
    areas: dict[str, Order] = {}
    for codes, order in claims:
        for code in codes:
            areas.setdefault(code, order)
    return dict(sorted(areas.items()))


def _claims(kind: str, rows: Iterable[tuple[str, tuple[str, ...], Order]]) -> list[str]:
    claimed: dict[str, tuple[str, str]] = {}
    problems: list[str] = []
    for location, codes, order in rows:
        for code in codes if order else ():
            first, winner = claimed.setdefault(code, (location, order[0]))
            if winner != order[0]:
                problems.append(
                    f"The {kind} {code} is claimed by {first} (nearest {winner!r}) and by {location} "
                    f"(nearest {order[0]!r}). Its users could be sent to only one of them. "
                    f"Take {code} out of one of the two rows of latency."
                )
    return problems
