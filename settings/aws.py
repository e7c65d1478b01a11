"""AWS regions: where they are, and which one stands for a place in latency records.

Codes: Route 53's own list, `ResourceRecordSetRegion` of its API, as botocore 1.44 keeps it; left out are China,
GovCloud and the European sovereign cloud, which are partitions of their own. Coordinates: the place that AWS
names for each region.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

AWS_REGIONS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "us-east-1": (38.9, -77.4),  # Northern Virginia
        "us-east-2": (40.0, -83.0),  # Ohio
        "us-west-1": (37.4, -121.9),  # Northern California
        "us-west-2": (45.8, -119.7),  # Oregon
        "ca-central-1": (45.5, -73.6),  # Montreal
        "ca-west-1": (51.0, -114.1),  # Calgary
        "mx-central-1": (20.6, -100.4),  # Queretaro
        "sa-east-1": (-23.5, -46.6),  # Sao Paulo
        "eu-west-1": (53.3, -6.3),  # Dublin
        "eu-west-2": (51.5, -0.1),  # London
        "eu-west-3": (48.9, 2.4),  # Paris
        "eu-central-1": (50.1, 8.7),  # Frankfurt
        "eu-central-2": (47.4, 8.5),  # Zurich
        "eu-north-1": (59.3, 18.1),  # Stockholm
        "eu-south-1": (45.5, 9.2),  # Milan
        "eu-south-2": (41.6, -0.9),  # Aragon
        "il-central-1": (32.1, 34.8),  # Tel Aviv
        "me-south-1": (26.2, 50.6),  # Bahrain
        "me-central-1": (25.2, 55.3),  # United Arab Emirates
        "af-south-1": (-33.9, 18.4),  # Cape Town
        "ap-south-1": (19.1, 72.9),  # Mumbai
        "ap-south-2": (17.4, 78.5),  # Hyderabad
        "ap-southeast-1": (1.35, 103.8),  # Singapore
        "ap-southeast-2": (-33.9, 151.2),  # Sydney
        "ap-southeast-3": (-6.2, 106.8),  # Jakarta
        "ap-southeast-4": (-37.8, 145.0),  # Melbourne
        "ap-southeast-5": (3.1, 101.7),  # Kuala Lumpur
        "ap-southeast-6": (-36.8, 174.8),  # Auckland
        "ap-southeast-7": (13.8, 100.5),  # Bangkok
        "ap-east-1": (22.3, 114.2),  # Hong Kong
        "ap-east-2": (25.0, 121.5),  # Taipei
        "ap-northeast-1": (35.7, 139.7),  # Tokyo
        "ap-northeast-2": (37.6, 127.0),  # Seoul
        "ap-northeast-3": (34.7, 135.5),  # Osaka
    }
)
"""Latitude and longitude by code."""

AWS_REGION_CODES: Final = frozenset(AWS_REGIONS)


def nearest_aws_region(latitude: float, longitude: float) -> str:
    """The AWS region with the smallest great-circle distance to a place (degrees)."""
    return min(AWS_REGIONS, key=lambda code: _angle((latitude, longitude), AWS_REGIONS[code]))


def _angle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The central angle between two places in radians (haversine formula)."""
    (a, b), (c, d) = (tuple(map(math.radians, place)) for place in (one, other))
    return 2 * math.asin(math.sqrt(math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2))
