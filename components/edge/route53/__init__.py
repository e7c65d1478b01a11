"""Route 53 as traffic provider. Its SDK is the optional extra `aws`: import this only where it was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import pulumi

from components.edge.provider import RecordsRequest, TrafficRequest
from components.edge.route53.records import Route53Records, Route53RecordsArgs
from components.edge.route53.traffic import Route53Traffic, Route53TrafficArgs

__all__ = ["Route53", "Route53Records", "Route53RecordsArgs", "Route53Traffic", "Route53TrafficArgs"]


@dataclass(frozen=True, kw_only=True)
class Route53:
    """The `TrafficProvider` for one hosted zone."""

    zone_id: pulumi.Input[str]
    zone: str
    aws_regions: Mapping[str, str] = field(default_factory=dict)
    aws_account: str = ""
    ttl: int = 60

    def route(self, name: str, request: TrafficRequest, opts: pulumi.ResourceOptions | None = None) -> Route53Traffic:
        """Make the records and checks that the request asks for."""
        asked = {each.name: getattr(request, each.name) for each in fields(TrafficRequest)}
        return Route53Traffic(name, Route53TrafficArgs(**asked, **vars(self)), opts)

    def point(self, name: str, request: RecordsRequest, opts: pulumi.ResourceOptions | None = None) -> Route53Records:
        """Make plain records of one region."""
        asked = vars(request) | {"ttl": self.ttl}
        args = Route53RecordsArgs(**asked, zone_id=self.zone_id, aws_account=self.aws_account)
        return Route53Records(name, args, opts)
