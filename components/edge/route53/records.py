"""Plain DNS in a hosted zone of Route 53: every host name points to the nodes of one region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.edge.provider import Pool, RecordsRequest
from components.edge.route53.account import provider
from components.edge.route53.zone import Zone, ipv4


@dataclass(frozen=True, kw_only=True)
class Route53RecordsArgs(RecordsRequest):
    """A request for one hosted zone of one account (empty: whichever the credentials belong to)."""

    zone_id: pulumi.Input[str]
    aws_account: str = ""


class Route53Records(pulumi.ComponentResource):
    """One record of each name, with the addresses of all enabled nodes.

    `record_ids` are the records' ids by host name; `health_hosts` the direct names by region.
    """

    record_ids: Mapping[str, pulumi.Output[str]]
    health_hosts: Mapping[str, str]

    def __init__(self, name: str, args: Route53RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:edge:Route53Records", name, None, opts)
        self._zone = Zone(name, self, args.zone_id, provider(name, self, args.aws_account))
        self._ttl = args.ttl
        self.record_ids = {host: self._record(host, args.served) for host in args.hosts}
        for pool in args.pools:
            self._record(pool.health_host, pool)
        self.health_hosts = {pool.region: pool.health_host for pool in args.pools}
        self.register_outputs({"recordIds": self.record_ids, "healthHosts": self.health_hosts})

    def _record(self, host: str, pool: Pool) -> pulumi.Output[str]:
        made = aws.route53.Record(
            f"{self._zone.name}-{host}",
            zone_id=self._zone.zone_id,
            name=host,
            type="A",
            records=[ipv4(origin.address) for origin in pool.origins if origin.enabled],
            ttl=self._ttl,
            opts=self._zone.options(),
        )
        identity: pulumi.Output[str] = made.id
        return identity
