"""What things cost: the numbers behind the budget."""

from __future__ import annotations

from pydantic import Field

from settings.base import Settings
from settings.formats import Dollar, Euro, Location, Product


class Prices(Settings):
    """What things cost a month. Numbers of the day you read them; docs/cost.md tells where each is from."""

    products: dict[Product, Euro] = Field(description="Price of one server, by the `product` of the nodes.")
    location_fees: dict[Location, Euro] = Field(
        default_factory=dict, description="What one server costs more, by the region's `location`."
    )
    usd_to_eur: float = Field(gt=0, lt=10, description="Euros for one dollar.")
    load_balancing_usd: Dollar = Field(default=5, description="Cloudflare Load Balancing with the included origins.")
    included_origins: int = Field(default=2, ge=0, description="Origins (nodes in traffic) that it includes.")
    extra_origin_usd: Dollar = Field(default=5, description="Each further origin.")
    geo_steering_usd: Dollar = Field(default=10, description="Geo steering.")
    faster_checks_usd: Dollar = Field(default=15, description="`edge.monitor.fasterChecks`.")
    extra_check_regions_usd: Dollar = Field(default=15, description="More than one `edge.monitor.checkRegions`.")
    route53_zone_usd: Dollar = Field(default=0.50, description="Route 53: the hosted zone.")
    route53_check_usd: Dollar = Field(default=0.75, description="Route 53: a check of a node outside AWS.")
    route53_check_option_usd: Dollar = Field(
        default=2, description="Route 53: HTTPS for such a check, and as much again for checks every 10 s."
    )
    route53_region_check_usd: Dollar = Field(
        default=0.50, description="Route 53: a region's check, calculated from those of its nodes."
    )
    advanced_certificate_usd: Dollar = Field(default=10, description="`edge.certificate: advanced`.")
    traffic_usd: Dollar = Field(default=10, description="Traffic between the regions, all of it.")
