"""What the platform asks of a traffic provider, in words that are no provider's own.

An adapter (`components.edge.cloudflare`, `components.edge.route53`) turns a `TrafficRequest` into its resources.
What each of them must guarantee stands in tests/components/test_providers.py. This module imports no provider's SDK.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pulumi

from components.edge.steering import Steering


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A server that answers users: its name (contabo-eu-1) and its public IP address."""

    name: str
    address: pulumi.Input[str]
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A region's origins. `name` is the pool's own name (europe-pool): letters, digits, `-` and `_`.

    `health_host` reaches this region past the load balancer (api-eu.openova.io). Latitude and
    longitude are for proximity steering.
    """

    region: str
    name: str
    origins: tuple[Origin, ...]
    health_host: str
    latitude: float | None = None
    longitude: float | None = None
    minimum_origins: int = 1


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """How an origin is checked, over HTTPS. Times in seconds; `check_regions` are the edge's own codes.

    `host` goes into the Host header: an origin serves several names and is asked by its address.
    """

    host: str
    path: str = "/health"
    port: int = 443
    expected_codes: str = "200"
    interval: int = 60
    timeout: int = 5
    retries: int = 2
    consecutive_up: int = 1
    consecutive_down: int = 1
    check_regions: tuple[str, ...] = ("WEU",)
    allow_invalid_certificate: bool = False


@dataclass(frozen=True, kw_only=True)
class Notifications:
    """Who hears of a pool or an origin that turned unhealthy or healthy. The webhook's URL is a secret."""

    email: str | None = None
    webhook: pulumi.Input[str] | None = None

    @property
    def wanted(self) -> bool:
        """True where anybody is to be told."""
        return self.email is not None or self.webhook is not None


@dataclass(frozen=True, kw_only=True)
class TrafficRequest:
    """Full host names, one pool a region, and how users are steered between them."""

    hosts: tuple[str, ...]
    pools: tuple[Pool, ...]
    steering: Steering
    health_check: HealthCheck
    notifications: Notifications = field(default_factory=Notifications)
    protect: bool = True


@dataclass(frozen=True, kw_only=True)
class RecordsRequest:
    """Plain DNS: `hosts` go to the enabled origins of the pool of `region`; every pool also gets its direct name.

    No health checks, no failover, no cost. `ttl` in seconds.
    """

    hosts: tuple[str, ...]
    pools: tuple[Pool, ...]
    region: str
    ttl: int = 60

    @property
    def served(self) -> Pool:
        """The pool that answers. Raises ValueError where the region has none."""
        for pool in self.pools:
            if pool.region == self.region:
                return pool
        raise ValueError(
            f"The region {self.region!r} has no pool; there are pools for {[pool.region for pool in self.pools]}. "
            "Plain records would point nowhere. Give the region's nodes (see authority.primary and edge.drained)."
        )


class Traffic(Protocol):
    """What was made: the provider's ids by host name and by region, and the names past the load balancer."""

    host_ids: Mapping[str, pulumi.Output[str]]
    pool_ids: Mapping[str, pulumi.Output[str]]
    health_hosts: Mapping[str, str]


class TrafficProvider(Protocol):
    """One provider of traffic steering."""

    def route(self, name: str, request: TrafficRequest, opts: pulumi.ResourceOptions | None = None) -> Traffic:
        """Make what sends users of `request.hosts` to the nearest healthy pool.

        Raises ValueError for a request that the provider cannot fulfil.
        """
        ...

    def point(
        self, name: str, request: RecordsRequest, opts: pulumi.ResourceOptions | None = None
    ) -> pulumi.ComponentResource:
        """Make plain records of one region. Raises ValueError where it has no pool."""
        ...


def checked_steering(request: TrafficRequest) -> Steering:
    """The request's steering, each region of which has a pool. Raises ValueError where it cannot be used."""
    steering = request.steering
    if steering.problems:
        raise ValueError("\n".join(["The steering cannot be used:", *steering.problems]))
    known = {pool.region for pool in request.pools}
    missing = sorted({region for order in steering.orders for region in order} - known)
    if missing or not steering.default_order:
        raise ValueError(
            f"Steering names the regions {missing or 'none at all'}, and there are pools for {sorted(known)}. "
            "A load balancer needs at least one pool, and each that it names. "
            "Give a pool for every region that is not drained (see edge.drained)."
        )
    return steering


def record_type(address: str) -> str:
    """`A` or `AAAA`, by the address. Raises ValueError where it is no IP address."""
    return "AAAA" if ipaddress.ip_address(address).version == 6 else "A"


def late_record_type(address: pulumi.Input[str]) -> pulumi.Output[str]:
    """`record_type` of an address that may be known late."""
    return pulumi.Output.from_input(address).apply(record_type)
