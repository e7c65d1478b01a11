"""Where data may lie, and the bucket that follows from it. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from settings.geography import COUNTRIES_BY_REGION
from settings.platform import Platform

Location = Literal["apac", "eeur", "enam", "weur", "wnam", "oc"]
Jurisdiction = Literal["default", "eu"]

_LOCATIONS: Final[Mapping[str, Location]] = {
    "WEU": "weur",
    "EEU": "eeur",
    "NAF": "weur",
    "SAF": "weur",
    "ME": "eeur",
    "SAS": "apac",
    "SEAS": "apac",
    "NEAS": "apac",
    "OC": "oc",
    "ENAM": "enam",
    "WNAM": "wnam",
    "NSAM": "enam",
    "SSAM": "enam",
}
"""R2's location for each part of the world (developers.cloudflare.com/r2/reference/data-location has these six)."""


def bound_to_the_union(platform: Platform) -> tuple[str, ...]:
    """The data sets that may lie in the European Union only."""
    residency = platform.residency
    return tuple(dataset for dataset in ("postgresql", "mongodb") if getattr(residency, dataset) == "eu")


def bucket_placement(platform: Platform) -> tuple[Location, Jurisdiction]:
    """Location and jurisdiction of the backup bucket: as set, else from the residency and the first region.

    The first region of the list and not the primary: a switchover must not ask for another bucket.
    """
    bucket = platform.backups.bucket
    jurisdiction = bucket.jurisdiction or ("eu" if bound_to_the_union(platform) else "default")
    near = _near(platform.regions[0].country)
    inside = near if jurisdiction == "default" or near in ("weur", "eeur") else "weur"
    return bucket.location or inside, jurisdiction


def _near(country: str) -> Location:
    """A split country counts to the first of its areas, in the order of the table."""
    for area, location in _LOCATIONS.items():
        if country in COUNTRIES_BY_REGION[area]:
            return location
    return "weur"
