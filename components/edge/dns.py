"""Address records in a Cloudflare zone."""

from __future__ import annotations

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.provider import late_record_type

AUTOMATIC_TTL = 1
"""What Cloudflare demands of a proxied record, and gives back for it."""


def address_record(
    name: str,
    parent: pulumi.Resource,
    *,
    zone_id: pulumi.Input[str],
    host: str,
    address: pulumi.Input[str],
    proxied: bool,
    comment: str,
    ttl: int = 60,
) -> cloudflare.DnsRecord:
    """An A or AAAA record, by the address. `ttl` in seconds is used where the record is not proxied."""
    return cloudflare.DnsRecord(
        name,
        zone_id=zone_id,
        name=host,
        type=late_record_type(address),
        content=address,
        proxied=proxied,
        ttl=AUTOMATIC_TTL if proxied else ttl,
        comment=comment,
        opts=pulumi.ResourceOptions(parent=parent),
    )
