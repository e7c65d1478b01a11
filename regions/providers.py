"""The traffic provider that the settings choose. Only its own SDK is imported: they take seconds, one is optional."""

from __future__ import annotations

from components.edge.provider import TrafficProvider
from settings.naming import aws_region
from settings.platform import Platform


def traffic_provider(platform: Platform) -> TrafficProvider:
    """Cloudflare's or Route 53's adapter, for the zone of the settings."""
    edge = platform.edge
    if edge.provider == "route53":
        from components.edge.route53 import Route53

        return Route53(
            zone_id=edge.route53.zone_id,
            zone=platform.domain,
            aws_regions={line.code: aws_region(line) for line in platform.regions},
            aws_account=edge.route53.account_id,
            ttl=edge.route53.ttl,
        )
    from components.edge.cloudflare import Cloudflare

    return Cloudflare(account_id=edge.account_id, zone_id=edge.zone_id, zone=platform.domain)
