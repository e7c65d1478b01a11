"""The edge: how users reach the nearest healthy region."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from settings.base import Settings
from settings.formats import (
    AreaCode,
    AwsAccountId,
    CloudflareId,
    CountryCode,
    Email,
    HostedZoneId,
    Latitude,
    Longitude,
    Milliseconds,
    PopCode,
    RegionCode,
    Tier,
    UrlPath,
)
from settings.problems import broken

ROUTE_53_INTERVAL = 30
TUNNEL_INTERVAL = 10
"""Seconds between checks where nothing else is set, with Route 53 and with a tunnel."""


class MonitorSettings(Settings):
    """The health check of each node, made by the provider; with a tunnel, by a check beside each connector."""

    path: UrlPath = Field(
        default="/health", description="Path that must answer 200. Applications that are run have it."
    )
    interval: int = Field(
        default=60,
        ge=5,
        le=3600,
        description="Seconds between checks. Cloudflare's plan has a minimum: 60, 15 or 10. Route 53 takes 30, or 10 "
        f"for more money. Not set, it is {ROUTE_53_INTERVAL} with Route 53 and {TUNNEL_INTERVAL} with a tunnel.",
    )
    faster_checks: bool = Field(default=False, description="The paid option for shorter intervals was bought.")
    timeout: int = Field(
        default=5, ge=1, le=10, description="Seconds until a check counts as failed. Route 53 has its own: 6."
    )
    retries: int = Field(default=2, ge=0, le=5, description="Tries after a failed check, before a node is called down.")
    check_regions: tuple[AreaCode, ...] = Field(
        default=("WEU",), min_length=1, description="From where Cloudflare checks. More than one costs extra."
    )
    origin_certificate: Literal["any", "trusted"] = Field(
        default="any",
        description="What a node must show to be healthy: `any` takes Traefik's own certificate; `trusted` only one "
        "that Cloudflare trusts, which the zone's mode Full (strict) asks for too.",
    )


class NotificationSettings(Settings):
    """Who hears of a pool that turned unhealthy."""

    email: Email | None = Field(default=None, description="Who gets an e-mail.")
    slack: bool = Field(
        default=False, description="Also notify Slack, by the secret `slackWebhook`. Not with Route 53."
    )


class Route53Settings(Settings):
    """Route 53, for `edge.provider: route53`."""

    zone_id: HostedZoneId = Field(default="", description="The public hosted zone of the domain.")
    account_id: AwsAccountId = Field(
        default="", description="The AWS account. Credentials of another one are refused where this is set."
    )
    ttl: int = Field(
        default=60,
        ge=10,
        le=86400,
        description="Seconds for which resolvers may keep an answer: a dead region is asked for that much longer.",
    )


class EdgeSettings(Settings):
    """How users reach the nearest healthy region."""

    provider: Literal["cloudflare", "route53"] = Field(
        default="cloudflare",
        description="Who steers users. `route53` needs the packages of the extra `aws` (`make aws`); docs/edge.md.",
    )

    mode: Literal["load-balancer", "tunnel", "records"] = Field(
        default="load-balancer",
        description="`load-balancer`: health-checked pools with geo steering (paid). `tunnel`: a connector in every "
        "region, requests go to the closest live one. `records`: plain DNS records of the primary's nodes.",
    )
    plan: Tier = Field(default="free", description="The zone's Cloudflare plan; it decides what may be used.")
    hosts: tuple[str, ...] = Field(
        default=("api", "api.{tenant}"),
        min_length=1,
        description="Names to serve, under the domain; `{tenant}` stands for each tenant.",
    )
    certificate: Literal["universal", "advanced"] = Field(
        default="universal",
        description="`universal` covers one level below the domain; `advanced` is paid and covers deeper names.",
    )
    steering: Literal["auto", "pop", "country", "region", "proximity", "dynamic", "off"] = Field(
        default="auto",
        description="How the region is chosen. `auto`: by PoP on the Enterprise plan, else by region of the world; "
        "with Route 53 by the latency that AWS measures. `country` and `region` are geolocation records there.",
    )
    monitor: MonitorSettings = Field(default=MonitorSettings(), description="The health check.")
    notifications: NotificationSettings = Field(default=NotificationSettings(), description="Who is told.")
    drained: tuple[RegionCode, ...] = Field(
        default=(), description="Regions that get no traffic for now, in every mode."
    )
    account_id: CloudflareId = Field(default="", description="The Cloudflare account of pools, monitor and tunnel.")
    zone_id: CloudflareId = Field(default="", description="The Cloudflare zone of the domain.")
    route53: Route53Settings = Field(default=Route53Settings(), description="Route 53.")

    @property
    def check_interval(self) -> int:
        """Seconds between checks: as set, else what is usual for the provider and mode."""
        if "interval" in self.monitor.model_fields_set:
            return self.monitor.interval
        if self.mode == "tunnel":
            return TUNNEL_INTERVAL
        return ROUTE_53_INTERVAL if self.provider == "route53" else self.monitor.interval

    @field_validator("hosts")
    @classmethod
    def _names_under_the_zone(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if host.replace("{tenant}", "").count("{") or host.startswith(".") or host.endswith("."):
                raise broken(
                    f"{host!r} is not a name under the domain; only {{tenant}} may stand in braces.",
                    "The record would be made under a wrong name.",
                    "Write api, api.{tenant} or api-{tenant}.",
                )
        return value


class LatencyRow(Settings):
    """One place where users are: how far each region is, and the edge's own codes for the place."""

    location: str = Field(min_length=1, description="Name of the place, for people.")
    latitude: Latitude = Field(description="Of the place; for the map.")
    longitude: Longitude = Field(description="Of the place; for the map.")
    rtt: dict[RegionCode, tuple[Milliseconds, Milliseconds]] = Field(
        description="Round-trip time from there to each region, lowest and highest. The smallest middle wins."
    )
    regions: tuple[AreaCode, ...] = Field(default=(), description="Regions of the world that the place stands for.")
    countries: tuple[CountryCode, ...] = Field(default=(), description="Countries that the place stands for.")
    pops: tuple[PopCode, ...] = Field(default=(), description="Data centres that the place stands for (Enterprise).")

    @field_validator("rtt")
    @classmethod
    def _lowest_first(cls, value: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        for code, (low, high) in value.items():
            if low > high:
                raise broken(
                    f"The range [{low}, {high}] of {code} is upside down.",
                    "The nearest region is chosen by the middle of the range; a reader would be misled.",
                    f"Write [{high}, {low}].",
                )
        return value
