"""Steering by place as Route 53 knows places: countries, continents, and everywhere else. Pure functions.

Route 53 asks the smallest place first: country, continent, default (Developer Guide, geolocation routing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from components.edge.steering import Order, Steering

CONTINENTS: Final[Mapping[str, str]] = {
    "WNAM": "NA",
    "ENAM": "NA",
    "NSAM": "SA",
    "SSAM": "SA",
    "WEU": "EU",
    "EEU": "EU",
    "NAF": "AF",
    "SAF": "AF",
    "ME": "AS",
    "SAS": "AS",
    "SEAS": "AS",
    "NEAS": "AS",
    "OC": "OC",
}
"""Route 53's continent for each region of the world in the latency matrix."""

EVERYWHERE_ELSE: Final = "*"


@dataclass(frozen=True, order=True)
class Area:
    """A place of a geolocation record: a country's code (`*` for everywhere else), or a continent's."""

    kind: Literal["continent", "country"]
    code: str


def geolocations(steering: Steering) -> dict[Area, Order]:
    """The order of regions for each place. Raises ValueError where a continent is claimed for two regions."""
    clashes = continent_clashes(steering)
    if clashes:
        raise ValueError(
            "\n".join(
                [
                    *clashes,
                    "Users of one part would be served from afar. Steer by latency, or list countries (latency).",
                ]
            )
        )
    areas: dict[Area, Order] = {}
    for region, order in steering.region_pools.items():
        areas.setdefault(Area("continent", CONTINENTS[region]), order)
    for country, order in steering.country_pools.items():
        areas[Area("country", country)] = order
    areas[Area("country", EVERYWHERE_ELSE)] = steering.default_order
    return dict(sorted(areas.items()))


def continent_clashes(steering: Steering) -> list[str]:
    """Continents of which one part is nearest to one region and another part to another, in words."""
    claimed: dict[str, tuple[str, str]] = {}
    clashes = []
    for region, order in steering.region_pools.items():
        continent = CONTINENTS[region]
        first, winner = claimed.setdefault(continent, (region, order[0]))
        if winner != order[0]:
            clashes.append(
                f"Route 53 knows the continent {continent} as one place; {first} in it is nearest to {winner!r} and "
                f"{region} to {order[0]!r}."
            )
    return clashes
