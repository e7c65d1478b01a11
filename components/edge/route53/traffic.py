"""Route 53: a tree of alias records that ends in the nodes' addresses, each with a health check.

    api.openova.io            failover: the tree below while any of it is healthy, else the fallback region
    _nearest.openova.io       latency (or geolocation): one record a region, healthy as the region is
    api-eu.openova.io         weighted: one record a node, healthy as the node is

This is the tree that AWS describes for several regions (Route 53 Developer Guide, "How health checks work in
complex configurations"). The failover record at its top is there for the day on which everything is unhealthy:
a latency or geolocation group would then answer as if all were healthy, and each user would be sent elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.edge.geolocation import geolocations
from components.edge.provider import Pool, TrafficRequest, checked_steering
from components.edge.route53.account import provider
from components.edge.route53.alarm import alarms
from components.edge.route53.checks import origin_check, region_check
from components.edge.route53.zone import Zone
from components.edge.steering import Order


@dataclass(frozen=True, kw_only=True)
class Route53TrafficArgs(TrafficRequest):
    """A traffic request for one hosted zone.

    `zone` is the zone's name, `aws_regions` the AWS region that stands for each of ours in latency records,
    `aws_account` the account's number (empty: whichever the credentials belong to), `ttl` in seconds.
    """

    zone_id: pulumi.Input[str]
    zone: str
    aws_regions: Mapping[str, str] = field(default_factory=dict)
    aws_account: str = ""
    ttl: int = 60


class Route53Traffic(pulumi.ComponentResource):
    """Records, health checks and alarms.

    `host_ids` are the top records' ids by host name, `pool_ids` the ids of the regions' checks, `health_hosts`
    the direct names by region.
    """

    host_ids: Mapping[str, pulumi.Output[str]]
    pool_ids: Mapping[str, pulumi.Output[str]]
    health_hosts: Mapping[str, str]

    def __init__(self, name: str, args: Route53TrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:edge:Route53Traffic", name, None, opts)
        self._name = name
        self._args = args
        self._steering = checked_steering(args)
        self._zone = Zone(name, self, args.zone_id, provider(name, self, args.aws_account))
        self._direct: dict[str, list[aws.route53.Record]] = {}
        self._chains: dict[Order, tuple[str, list[aws.route53.Record]]] = {}
        self._origin_checks: dict[str, pulumi.Output[str]] = {}
        self.pool_ids = {pool.region: self._pool(pool) for pool in args.pools}
        self.health_hosts = {pool.region: pool.health_host for pool in args.pools}
        top, below = self._tree()
        self.host_ids = {host: self._host(host, top, below) for host in args.hosts}
        if args.notifications.wanted:
            alarms(name, self._zone, self.pool_ids, self._origin_checks, args.notifications)
        self.register_outputs({"hostIds": self.host_ids, "poolIds": self.pool_ids, "healthHosts": self.health_hosts})

    def _pool(self, pool: Pool) -> pulumi.Output[str]:
        """The direct name of a region: its nodes, one answer at a time, the healthy ones only while there are any."""
        checks: list[pulumi.Output[str]] = []
        records: list[aws.route53.Record] = []
        for origin in sorted(pool.origins, key=lambda origin: origin.name):
            if origin.enabled:
                check = origin_check(self._zone, origin, self._args.health_check)
                checks.append(check)
                records.append(self._zone.weighted(origin, pool.health_host, check, self._args.ttl))
                self._origin_checks[origin.name] = check
        self._direct[pool.region] = records
        return region_check(self._zone, pool, checks)

    def _tree(self) -> tuple[str, list[aws.route53.Record]]:
        """The name that leads to the nearest healthy region, and the records to which it stands."""
        match self._steering.policy:
            case "dynamic_latency":
                return self._top, self._latency_records()
            case "geo":
                return self._top, self._geolocation_records()
            case "off":
                return self._chain(self._steering.default_order)
            case other:
                raise ValueError(
                    f"Steering by {other} is not made with Route 53. Nobody would be steered. Set edge.steering to "
                    "auto (latency), country, region (geolocation) or off."
                )

    @property
    def _top(self) -> str:
        # No user asks for it, and no host name of a tenant can be the same: it begins with an underscore.
        return f"_nearest.{self._args.zone}"

    def _latency_records(self) -> list[aws.route53.Record]:
        return [
            self._zone.latency(
                self._top,
                region,
                self._aws_region(region),
                self.health_hosts[region],
                self.pool_ids[region],
                self._direct[region],
            )
            for region in self._steering.default_order
        ]

    def _geolocation_records(self) -> list[aws.route53.Record]:
        records = []
        for area, order in geolocations(self._steering).items():
            target, below = self._chain(order)
            records.append(self._zone.geolocation(self._top, area, target, below))
        return records

    def _chain(self, order: Order) -> tuple[str, list[aws.route53.Record]]:
        """The name that leads to the first healthy region of an order (`_eu-in.openova.io`), and its records."""
        if len(order) == 1:
            return self.health_hosts[order[0]], self._direct[order[0]]
        if order not in self._chains:
            first, rest = order[0], order[1:]
            name = f"_{'-'.join(order)}.{self._args.zone}"
            target, below = self._chain(rest)
            check = self.pool_ids[rest[0]] if len(rest) == 1 else None
            self._chains[order] = (
                name,
                [
                    self._zone.failover(
                        name, "PRIMARY", self.health_hosts[first], self._direct[first], check=self.pool_ids[first]
                    ),
                    self._zone.failover(name, "SECONDARY", target, below, check=check),
                ],
            )
        return self._chains[order]

    def _host(self, host: str, top: str, below: list[aws.route53.Record]) -> pulumi.Output[str]:
        fallback, protect = self._steering.fallback, self._args.protect
        made = self._zone.failover(host, "PRIMARY", top, below, protect=protect)
        direct = self._direct[fallback]
        self._zone.failover(host, "SECONDARY", self.health_hosts[fallback], direct, protect=protect, always=True)
        identity: pulumi.Output[str] = made.id
        return identity

    def _aws_region(self, region: str) -> str:
        if region not in self._args.aws_regions:
            raise ValueError(
                f"There is no AWS region for {region!r}. Its latency record would belong to no place. "
                "Give one in aws_regions (see regions[*].awsRegion)."
            )
        return self._args.aws_regions[region]
