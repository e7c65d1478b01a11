"""Where a request comes from: the data centre that answers it, and what follows from that.

Regions are those of settings/geography.py. Coordinates are the airports' (OurAirports, public domain), whose codes
Cloudflare's data centres bear; only those that the committed configuration and its tests need are here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from settings.geography import POP_REGIONS

COORDINATES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "AMS": (52.31, 4.76),
        "BOM": (19.09, 72.87),
        "CDG": (49.01, 2.55),
        "DEL": (28.57, 77.10),
        "DXB": (25.25, 55.36),
        "FRA": (50.03, 8.57),
        "IAD": (38.94, -77.46),
        "JNB": (-26.14, 28.25),
        "LHR": (51.47, -0.45),
        "NRT": (35.76, 140.39),
        "SIN": (1.35, 103.99),
        "SYD": (-33.95, 151.18),
        "WAW": (52.17, 20.97),
    }
)
"""Latitude and longitude in degrees."""

_EARTH_KM: Final = 6371.0


@dataclass(frozen=True)
class Place:
    """The data centre's code, its region, the country of the user's address, and the data centre's coordinates."""

    pop: str
    region: str
    country: str = ""
    coordinates: tuple[float, float] | None = None


def place(pop: str, country: str = "") -> Place:
    """The place of a data centre. Raises ValueError where there is none of that code."""
    if pop not in POP_REGIONS:
        raise ValueError(f"{pop!r} is not a data centre that is known here; write a code such as FRA or BOM.")
    return Place(pop, POP_REGIONS[pop], country, COORDINATES.get(pop))


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres along the earth's surface."""
    (latitude, longitude), (latitude2, longitude2) = (tuple(map(math.radians, point)) for point in (one, other))
    half = (
        math.sin((latitude2 - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(latitude2) * math.sin((longitude2 - longitude) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(half))
