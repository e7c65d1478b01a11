"""Route 53's health checks: one a node, and one a region that counts those of its nodes."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.edge.provider import HealthCheck, Origin, Pool
from components.edge.route53.zone import Zone, ipv4

SUCCESS = ("200", "2xx")
"""What a request may ask for. Route 53 takes any status from 200 to 399 and cannot be told otherwise."""


def origin_check(zone: Zone, origin: Origin, check: HealthCheck) -> pulumi.Output[str]:
    """The check of one node, over HTTPS and by the host's name; its certificate is not validated."""
    if check.expected_codes not in SUCCESS:
        raise ValueError(
            f"Route 53 takes any status from 200 to 399 as healthy, not {check.expected_codes!r} only. A node could "
            "count as healthy that is not. Answer with 200 or with a status from 400 upwards."
        )
    made = aws.route53.HealthCheck(
        f"{zone.name}-check-{origin.name}",
        type="HTTPS",
        ip_address=ipv4(origin.address),
        port=check.port,
        fqdn=check.host,
        enable_sni=True,
        resource_path=check.path,
        request_interval=check.interval,
        failure_threshold=failure_threshold(check),
        measure_latency=False,
        invert_healthcheck=False,
        disabled=False,
        tags={"Name": f"{origin.name} {check.path}"},
        opts=zone.options(),
    )
    identity: pulumi.Output[str] = made.id
    return identity


def failure_threshold(check: HealthCheck) -> int:
    """Checks in a row that must fail: the first, its retries, and what is asked for beyond one failure."""
    return check.retries + max(1, check.consecutive_down)


def region_check(zone: Zone, pool: Pool, children: Sequence[pulumi.Input[str]]) -> pulumi.Output[str]:
    """The check of a region: healthy while at least `minimum_origins` of its nodes are."""
    made = aws.route53.HealthCheck(
        f"{zone.name}-pool-{pool.region}",
        type="CALCULATED",
        child_healthchecks=list(children),
        child_health_threshold=pool.minimum_origins,
        invert_healthcheck=False,
        disabled=False,
        tags={"Name": pool.name},
        opts=zone.options(),
    )
    identity: pulumi.Output[str] = made.id
    return identity
