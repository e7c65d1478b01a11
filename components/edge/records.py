"""Plain DNS in a Cloudflare zone: every host name points to the nodes of one region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.edge.dns import address_record
from components.edge.provider import Origin, Pool, RecordsRequest


@dataclass(frozen=True, kw_only=True)
class CloudflareRecordsArgs(RecordsRequest):
    """A request for one zone.

    A proxied name hides the servers and passes their firewall, which admits the CDN only; Cloudflare then
    sets the time to live itself.
    """

    zone_id: pulumi.Input[str]
    proxied: bool = True


class CloudflareRecords(pulumi.ComponentResource):
    """Address records of the host names, one for each node of the region.

    `record_ids` are the records' ids by `<host>/<origin>`; `health_hosts` the direct names by region.
    """

    record_ids: Mapping[str, pulumi.Output[str]]
    health_hosts: Mapping[str, str]

    def __init__(self, name: str, args: CloudflareRecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:edge:CloudflareRecords", name, None, opts)
        self._name = name
        self._args = args
        self.record_ids = {}
        for host in args.hosts:
            self.record_ids |= self._records(host, args.served)
        for pool in args.pools:
            self._records(pool.health_host, pool)
        self.health_hosts = {pool.region: pool.health_host for pool in args.pools}
        self.register_outputs({"recordIds": self.record_ids, "healthHosts": self.health_hosts})

    def _records(self, host: str, pool: Pool) -> dict[str, pulumi.Output[str]]:
        return {f"{host}/{origin.name}": self._record(host, origin) for origin in pool.origins if origin.enabled}

    def _record(self, host: str, origin: Origin) -> pulumi.Output[str]:
        record = address_record(
            f"{self._name}-{host}-{origin.name}",
            self,
            zone_id=self._args.zone_id,
            host=host,
            address=origin.address,
            proxied=self._args.proxied,
            comment=f"Node {origin.name}",
            ttl=self._args.ttl,
        )
        return record.id
