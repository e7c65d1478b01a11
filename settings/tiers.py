"""What each Cloudflare plan allows of load balancing, with the source of each number.

Sources, read in the stored copies of Cloudflare's documentation of 2025 and 2026:

- [limits]    load-balancing/reference/limitations: load balancers, pools, endpoints and intervals.
- [monitor]   load-balancing, monitor settings (partial `monitor-settings-advanced`, quickstart): the
              smallest interval is 60 s on Pro, 15 s on Business and 10 s on Enterprise.
- [geo]       load-balancing/understand-basics/traffic-steering/steering-policies/geo-steering: steering by
              data centre (PoP) is for Enterprise only; regions and countries are not restricted.
- [regions]   cloudflare-docs pull request 31421 (2026-06-12), by a Cloudflare employee: without a contract
              one check region is included and up to eight can be bought; all regions and all data centres
              are for Enterprise.
- [dns]       the DNS record API: TTL from 60 s, from 30 s in Enterprise zones.

The documents disagree on the interval: [limits] says 15 s for everyone without a contract, [monitor] says
60 s on Pro and does not name the free plan. The plan's own minimum is the stricter of the two; the
looser one is `bought_interval_seconds`, which faster checks (a paid option) are taken to reach. Only
the dashboard of the account tells for certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MAXIMUM_INTERVAL_SECONDS: Final = 3600  # [limits]


class PlanTier(StrEnum):
    """The plan of the zone. Load balancing is an add-on that every plan can buy."""

    FREE = "free"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, kw_only=True)
class TierLimits:
    """What a plan allows. `None` means: as the contract says.

    `check_regions` counts the regions that one pool may be checked from, `included_check_regions`
    those that cost nothing extra.
    """

    interval_seconds: int
    bought_interval_seconds: int
    pop_steering: bool
    country_steering: bool
    region_steering: bool
    load_balancers: int | None
    pools: int | None
    endpoints: int | None
    included_check_regions: int
    check_regions: int
    all_data_centres: bool
    minimum_ttl_seconds: int

    def minimum_interval(self, *, faster_checks: bool) -> int:
        """The smallest check interval in seconds, with or without the paid option for faster checks."""
        return self.bought_interval_seconds if faster_checks else self.interval_seconds


def _without_contract(interval_seconds: int) -> TierLimits:
    return TierLimits(
        interval_seconds=interval_seconds,  # [monitor]
        bought_interval_seconds=15,  # [limits]
        pop_steering=False,  # [geo]
        country_steering=True,  # [geo]
        region_steering=True,  # [geo]
        load_balancers=20,  # [limits]
        pools=20,  # [limits]
        endpoints=20,  # [limits]
        included_check_regions=1,  # [regions]
        check_regions=8,  # [regions]
        all_data_centres=False,  # [regions]
        minimum_ttl_seconds=60,  # [dns]
    )


LIMITS: Final[Mapping[PlanTier, TierLimits]] = MappingProxyType(
    {
        PlanTier.FREE: _without_contract(60),  # not documented; taken as on Pro
        PlanTier.PRO: _without_contract(60),  # [monitor]
        PlanTier.BUSINESS: _without_contract(15),  # [monitor], [limits]
        PlanTier.ENTERPRISE: TierLimits(
            interval_seconds=10,  # [monitor], [limits]
            bought_interval_seconds=10,
            pop_steering=True,  # [geo]
            country_steering=True,
            region_steering=True,
            load_balancers=None,  # [limits]
            pools=None,  # [limits]
            endpoints=None,  # [limits]
            included_check_regions=13,  # [regions]
            check_regions=13,  # [regions]
            all_data_centres=True,  # [regions]
            minimum_ttl_seconds=30,  # [dns]
        ),
    }
)


def limits(tier: PlanTier | str) -> TierLimits:
    """The limits of a plan by its name. Raises ValueError where there is no such plan."""
    return LIMITS[PlanTier(tier)]
