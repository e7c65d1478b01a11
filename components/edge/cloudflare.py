"""Cloudflare load balancing: a monitor, one pool a region, one load balancer a host name.

Values that Cloudflare gives back are set explicitly, even where they are its defaults, and origins are
sorted by name: what is left to the service shows up as a change in every preview.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.alarm import health_alarm
from components.edge.dns import address_record
from components.edge.provider import Pool, RecordsRequest, TrafficRequest, checked_steering
from components.edge.records import CloudflareRecords, CloudflareRecordsArgs
from components.edge.steering import Order


@dataclass(frozen=True, kw_only=True)
class CloudflareTrafficArgs(TrafficRequest):
    """A traffic request for one account and zone.

    `proxied` is for load balancers and direct names alike. `zone` is the zone's name: checks run with its
    settings, as Cloudflare advises; empty leaves that out.
    """

    account_id: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    zone: str = ""
    proxied: bool = True


@dataclass(frozen=True, kw_only=True)
class Cloudflare:
    """The `TrafficProvider` for one account and zone."""

    account_id: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    zone: str = ""
    proxied: bool = True

    def route(
        self, name: str, request: TrafficRequest, opts: pulumi.ResourceOptions | None = None
    ) -> CloudflareTraffic:
        """Make the load balancing that the request asks for."""
        asked = {each.name: getattr(request, each.name) for each in fields(TrafficRequest)}
        return CloudflareTraffic(name, CloudflareTrafficArgs(**asked, **vars(self)), opts)

    def point(
        self, name: str, request: RecordsRequest, opts: pulumi.ResourceOptions | None = None
    ) -> CloudflareRecords:
        """Make plain records of one region."""
        args = CloudflareRecordsArgs(**vars(request), zone_id=self.zone_id, proxied=self.proxied)
        return CloudflareRecords(name, args, opts)


class CloudflareTraffic(pulumi.ComponentResource):
    """Load balancing with health checks and steering.

    `host_ids` are the load balancers' ids by host name, `pool_ids` the pools' by region, `health_hosts`
    the direct names by region.
    """

    host_ids: Mapping[str, pulumi.Output[str]]
    pool_ids: Mapping[str, pulumi.Output[str]]
    health_hosts: Mapping[str, str]

    def __init__(self, name: str, args: CloudflareTrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:edge:CloudflareTraffic", name, None, opts)
        self._name = name
        self._args = args
        _check(args)
        monitor = self._monitor()
        self.pool_ids = {pool.region: self._pool(pool, monitor.id) for pool in args.pools}
        self.host_ids = {host: self._load_balancer(host) for host in args.hosts}
        self.health_hosts = {pool.region: self._health_records(pool) for pool in args.pools}
        if args.notifications.wanted:
            health_alarm(name, self, args.account_id, list(self.pool_ids.values()), args.notifications)
        self.register_outputs({"hostIds": self.host_ids, "poolIds": self.pool_ids, "healthHosts": self.health_hosts})

    def _monitor(self) -> cloudflare.LoadBalancerMonitor:
        check = self._args.health_check
        return cloudflare.LoadBalancerMonitor(
            f"{self._name}-monitor",
            account_id=self._args.account_id,
            type="https",
            method="GET",
            path=check.path,
            # The API asks for a port only where it is not the protocol's own.
            port=None if check.port == 443 else check.port,
            header={"Host": [check.host]},
            expected_codes=check.expected_codes,
            expected_body="",
            interval=check.interval,
            timeout=check.timeout,
            retries=check.retries,
            consecutive_up=check.consecutive_up,
            consecutive_down=check.consecutive_down,
            allow_insecure=check.allow_invalid_certificate,
            follow_redirects=False,
            probe_zone=self._args.zone,
            description=f"{check.path} of {check.host}",
            opts=self._guarded(),
        )

    def _pool(self, pool: Pool, monitor: pulumi.Output[str]) -> pulumi.Output[str]:
        origins = [
            cloudflare.LoadBalancerPoolOriginArgs(
                name=origin.name,
                address=origin.address,
                enabled=origin.enabled,
                weight=1,
                flatten_cname=True,
            )
            for origin in sorted(pool.origins, key=lambda origin: origin.name)
        ]
        made = cloudflare.LoadBalancerPool(
            f"{self._name}-pool-{pool.region}",
            account_id=self._args.account_id,
            name=pool.name,
            description=f"Region {pool.region}",
            enabled=True,
            origins=origins,
            minimum_origins=pool.minimum_origins,
            origin_steering={"policy": "random"},
            monitor=monitor,
            # Unset would mean every data centre, which is for Enterprise only.
            check_regions=sorted(self._args.health_check.check_regions),
            latitude=pool.latitude,
            longitude=pool.longitude,
            notification_email="",
            # A pool is news both ways; one origin of several only when it fails.
            notification_filter={"pool": {"disable": False}, "origin": {"disable": False, "healthy": False}},
            # Never delete_before_replace: Cloudflare refuses to delete a pool that a load balancer uses.
            opts=self._guarded(),
        )
        return made.id

    def _load_balancer(self, host: str) -> pulumi.Output[str]:
        steering = self._args.steering
        proxied = self._args.proxied
        made = cloudflare.LoadBalancer(
            f"{self._name}-{host}",
            zone_id=self._args.zone_id,
            name=host,
            description=f"Users of {host} to the nearest healthy region",
            enabled=True,
            proxied=proxied,
            ttl=None if proxied else 30,
            default_pools=self._ids(steering.default_order),
            fallback_pool=self.pool_ids[steering.fallback],
            steering_policy=steering.policy,
            pop_pools=self._areas(steering.pop_pools),
            country_pools=self._areas(steering.country_pools),
            region_pools=self._areas(steering.region_pools),
            adaptive_routing={"failover_across_pools": True},
            location_strategy={"mode": "pop", "prefer_ecs": "proximity"},
            session_affinity="none",
            opts=self._guarded(),
        )
        return made.id

    def _ids(self, order: Order) -> list[pulumi.Output[str]]:
        return [self.pool_ids[region] for region in order]

    def _areas(self, areas: Mapping[str, Order]) -> dict[str, list[pulumi.Output[str]]] | None:
        return {area: self._ids(order) for area, order in areas.items()} or None

    def _health_records(self, pool: Pool) -> str:
        """The direct name has the load balancer's own proxy mode: nodes admit the CDN's addresses only,
        so an unproxied name would be unreachable, and it would also publish the servers' addresses."""
        for origin in pool.origins:
            address_record(
                f"{self._name}-health-{origin.name}",
                self,
                zone_id=self._args.zone_id,
                host=pool.health_host,
                address=origin.address,
                proxied=self._args.proxied,
                comment=f"Region {pool.region}, past the load balancer",
            )
        return pool.health_host

    def _guarded(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, protect=self._args.protect)


def _check(args: CloudflareTrafficArgs) -> None:
    steering = checked_steering(args)
    unplaced = [pool.region for pool in args.pools if pool.latitude is None or pool.longitude is None]
    if steering.policy == "proximity" and unplaced:
        raise ValueError(
            f"Steering by proximity needs every region's coordinates; {unplaced} have none. "
            "Cloudflare could not tell which pool is near. Set the regions' latitude and longitude."
        )
