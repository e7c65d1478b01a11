"""Bodies of load balancing: the fields of the API (cloudflare-go v6, provider v5.19) and the values it takes."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lab.cloudflare.request import Body
from settings.geography import COUNTRY_CODES, POP_CODES, REGION_CODES

PolicyName = Literal[
    "off", "geo", "random", "dynamic_latency", "proximity", "least_outstanding_requests", "least_connections", ""
]
Pools = Annotated[list[str], Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
_CODES = re.compile(r"(\d{3}|\dxx)(-\d{3})?(,(\d{3}|\dxx)(-\d{3})?)*")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
_INSIDE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "::1/128",
        "fe80::/10",
    )
)  # fmt: skip


class MonitorBody(Body):
    """A monitor. The interval's lower end is the plan's, and is checked where the plan is known."""

    type: Literal["http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp"] = "http"
    description: str = ""
    method: str | None = None
    path: str | None = None
    header: dict[str, Annotated[list[str], Field(min_length=1)]] | None = None
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    timeout: Annotated[int, Field(ge=1, le=10)] = 5
    retries: Annotated[int, Field(ge=0, le=5)] = 2
    interval: int = 60
    expected_codes: str = ""
    expected_body: str = ""
    follow_redirects: bool = False
    allow_insecure: bool = False
    probe_zone: str = ""
    consecutive_up: Annotated[int, Field(ge=0)] | None = None
    consecutive_down: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _by_type(self) -> MonitorBody:
        web = self.type in ("http", "https")
        if web and not _CODES.fullmatch(self.expected_codes):
            raise ValueError(f"expected_codes {self.expected_codes!r} is not a code or range of codes")
        if not web and (self.expected_codes or self.expected_body or self.header or self.path):
            raise ValueError("only HTTP and HTTPS monitors have a path, headers, expected codes or an expected body")
        if self.type in ("tcp", "smtp") and not self.port:
            raise ValueError(f"port is required for {self.type}")
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"path {self.path!r} does not begin with /")
        return self


class OriginHeader(Body):
    """The Host header that an origin is asked under."""

    Host: Annotated[list[str], Field(min_length=1, max_length=1)] | None = None


class OriginBody(Body):
    """An origin of a pool."""

    name: Annotated[str, Field(min_length=1)]
    address: str
    enabled: bool = True
    weight: Share = 1
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    header: OriginHeader | None = None
    flatten_cname: bool = True
    virtual_network_id: str | None = None

    @field_validator("address")
    @classmethod
    def _reachable(cls, value: str) -> str:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            if not _HOST.fullmatch(value):
                raise ValueError(f"{value!r} is not a valid IP or hostname") from None
            return value
        if any(address in block for block in _INSIDE if address.version == block.version):
            raise ValueError(f"{value} is an internal address, which needs a virtual network")
        return value


class Filter(Body):
    """Which changes of health are told."""

    disable: bool | None = None
    healthy: bool | None = None


class NotificationFilter(Body):
    """The same for a pool and for its origins."""

    origin: Filter | None = None
    pool: Filter | None = None


class LoadShedding(Body):
    """How much of the traffic a pool turns away."""

    default_percent: Annotated[float, Field(ge=0, le=100)] = 0
    default_policy: Literal["random", "hash"] = "random"
    session_percent: Annotated[float, Field(ge=0, le=100)] = 0
    session_policy: Literal["hash"] = "hash"


class OriginSteering(Body):
    """How an origin of a pool is chosen."""

    policy: Literal["random", "hash", "least_outstanding_requests", "least_connections"] = "random"


class PoolBody(Body):
    """A pool. Its name, its origins' names and their addresses are unique."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    origins: Annotated[list[OriginBody], Field(min_length=1)]
    description: str = ""
    enabled: bool = True
    minimum_origins: Annotated[int, Field(ge=0)] = 1
    monitor: str | None = None
    monitor_group: str | None = None
    check_regions: list[str] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    notification_email: str = ""
    notification_filter: NotificationFilter | None = None
    load_shedding: LoadShedding | None = None
    origin_steering: OriginSteering | None = None

    @model_validator(mode="after")
    def _consistent(self) -> PoolBody:
        for what in ("name", "address"):
            values = [(getattr(one, what), one.port if what == "address" else None) for one in self.origins]
            if len(set(values)) < len(values):
                raise ValueError(f"origins: each {what} must be unique")
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude must be set together")
        unknown = sorted(set(self.check_regions or ()) - REGION_CODES - {"ALL_REGIONS"})
        if unknown:
            raise ValueError(f"check_regions: {unknown} are no regions")
        return self


class AdaptiveRouting(Body):
    """Whether a request that failed is tried in another pool."""

    failover_across_pools: bool = False


class LocationStrategy(Body):
    """Where a request that is not proxied comes from."""

    mode: Literal["pop", "resolver_ip"] = "pop"
    prefer_ecs: Literal["always", "never", "proximity", "geo"] = "proximity"


class RandomSteering(Body):
    """Weights of pools."""

    default_weight: Share = 1
    pool_weights: dict[str, Share] | None = None


class AffinityAttributes(Body):
    """Attributes of session affinity."""

    drain_duration: float | None = None
    headers: list[str] | None = None
    require_all_headers: bool | None = None
    samesite: Literal["Auto", "Lax", "None", "Strict"] | None = None
    secure: Literal["Auto", "Always", "Never"] | None = None
    zero_downtime_failover: Literal["none", "temporary", "sticky"] | None = None


class BalancerBody(Body):
    """A load balancer. `rules` are not imitated: only an empty list is taken."""

    name: str
    default_pools: Pools
    fallback_pool: str
    description: str = ""
    enabled: bool = True
    proxied: bool = False
    ttl: float | None = None
    steering_policy: PolicyName = ""
    pop_pools: dict[str, Pools] | None = None
    country_pools: dict[str, Pools] | None = None
    region_pools: dict[str, Pools] | None = None
    session_affinity: Literal["none", "cookie", "ip_cookie", "header", ""] = "none"
    session_affinity_ttl: float | None = None
    session_affinity_attributes: AffinityAttributes | None = None
    adaptive_routing: AdaptiveRouting | None = None
    location_strategy: LocationStrategy | None = None
    random_steering: RandomSteering | None = None
    networks: list[Literal["cloudflare"]] | None = None
    rules: Annotated[list[Any], Field(max_length=0)] | None = None

    @model_validator(mode="after")
    def _known_names(self) -> BalancerBody:
        if not _HOST.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} is not a hostname")
        for what, codes in (("pop", POP_CODES), ("country", COUNTRY_CODES), ("region", REGION_CODES)):
            if unknown := sorted(set(getattr(self, f"{what}_pools") or {}) - codes):
                raise ValueError(f"{what}_pools: {', '.join(unknown)} is no {what}")
        if self.proxied and self.ttl is not None:
            raise ValueError("ttl can only be set for a load balancer that is not proxied")
        return self
