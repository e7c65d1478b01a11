"""What Route 53 would refuse, or could not do, told before anything is made. Pure functions, no SDK.

Sources: Route 53 API, CreateHealthCheck (RequestInterval 10 or 30, FailureThreshold 1 to 10) and ResourceRecordSet
(two latency records of one name must have different regions); SNS, HTTP(S) endpoints (an endpoint must confirm its
subscription).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from components.edge.preflight import Finding, names
from components.edge.steering import Mode

INTERVALS: Final = (10, 30)
MAXIMUM_THRESHOLD: Final = 10
MODES: Final = ("auto", "country", "region", "dynamic", "off")


@dataclass(frozen=True, kw_only=True)
class Route53Plan:
    """What is about to be made. `failures` is how many checks in a row must fail; `aws_regions` stand for ours
    that are in traffic; `chat` says that a chat's webhook is to be told; `sdk` that pulumi-aws is installed."""

    zone: str
    hosts: tuple[str, ...]
    mode: Mode
    interval: int
    failures: int
    aws_regions: Mapping[str, str]
    chat: bool
    sdk: bool
    continents: tuple[str, ...] = ()


def check(plan: Route53Plan) -> tuple[Finding, ...]:
    """Everything that is wrong with load balancing as planned; empty where nothing is."""
    return (
        *packages(plan.sdk),
        # Nodes end TLS themselves: what the certificate of an edge covers is no question here.
        *names(plan.zone, plan.hosts, proxied=False, advanced_certificates=False),
        *_steering(plan),
        *_checks(plan),
        *_chat(plan),
    )


def packages(sdk: bool) -> Iterator[Finding]:
    """The provider's packages are not part of a plain installation."""
    if not sdk:
        yield Finding(
            "edge.provider",
            "Route 53 is reached with the package pulumi-aws, which is not installed.",
            "Neither the plan nor Pulumi could make its records.",
            "make aws, or install it by hand: uv sync --inexact --extra aws",
        )


def _steering(plan: Route53Plan) -> Iterator[Finding]:
    if plan.mode not in MODES:
        yield Finding(
            "edge.steering",
            f"Steering by {plan.mode} is Cloudflare's own.",
            "Nobody would be steered.",
            "Set it to auto (latency), country or region (geolocation), or off.",
        )
    same = defaultdict(list)
    for region, stands_for in plan.aws_regions.items():
        same[stands_for].append(region)
    for stands_for, regions in same.items():
        if len(regions) > 1 and plan.mode in ("auto", "dynamic"):
            yield Finding(
                "regions[*].awsRegion",
                f"{' and '.join(regions)} have the same AWS region, {stands_for}.",
                "Route 53 would refuse the second latency record of the two.",
                "Give one of them another AWS region that is near.",
            )
    for clash in plan.continents:
        yield Finding(
            "latency",
            clash,
            "Users of one of the two would be served from afar.",
            "Set edge.steering to auto; or to country, with countries instead of one of the two regions in its row.",
        )


def _checks(plan: Route53Plan) -> Iterator[Finding]:
    if plan.interval not in INTERVALS:
        yield Finding(
            "edge.monitor.interval",
            f"Route 53 checks every 30 s, or every 10 s for more money, not every {plan.interval} s.",
            "It would refuse the health checks.",
            "Set it to 30 or 10, or leave it out: then it is 30.",
        )
    if plan.failures > MAXIMUM_THRESHOLD:
        yield Finding(
            "edge.monitor.retries",
            f"Route 53 counts to {MAXIMUM_THRESHOLD} failures, not to {plan.failures}.",
            "It would refuse the health checks.",
            f"Set it to {MAXIMUM_THRESHOLD - 1} at most.",
        )


def _chat(plan: Route53Plan) -> Iterator[Finding]:
    if plan.chat:
        yield Finding(
            "edge.notifications.slack",
            "Alarms of Route 53 go through SNS, and a chat's webhook cannot confirm a subscription there.",
            "Nobody would hear of a dead region.",
            "Set it to false, and edge.notifications.email to an address of yours or of the Slack channel.",
        )
