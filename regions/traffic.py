"""From settings to what the edge is asked: pure, used by the global stack and by the plan."""

from __future__ import annotations

from importlib.util import find_spec

from components.edge import preflight, preflight_route53
from components.edge.geolocation import continent_clashes
from components.edge.steering import (
    LatencyRow,
    Mode,
    SteeredRegion,
    Steering,
    connector_detection_seconds,
    dns_detection_seconds,
    steer,
    worst_case_detection_seconds,
)
from settings.naming import aws_region, edge_hosts
from settings.platform import Platform
from settings.problems import Problem
from settings.project import PROJECT_FILE
from settings.tiers import PlanTier

CERTIFICATE = "edge.certificate"
_KEYS = {"nodes": "regions[*].nodes"}


def steering_of(platform: Platform) -> Steering:
    """Which region serves which users. Its `problems` are empty for settings that were checked."""
    return steer(
        [
            LatencyRow(
                location=row.location,
                rtt={code: (float(low), float(high)) for code, (low, high) in row.rtt.items()},
                regions=row.regions,
                countries=row.countries,
                pops=row.pops,
            )
            for row in platform.latency
        ],
        [SteeredRegion(code=code, drained=code in platform.edge.drained) for code in platform.codes],
        primary=platform.authority.primary,
        tier=PlanTier(platform.edge.plan),
        mode=_mode(platform),
    )


def detection_seconds(platform: Platform) -> int | None:
    """Seconds until a dead region has left traffic, at worst; None where nothing checks it."""
    edge = platform.edge
    interval, timeout, retries = edge.check_interval, edge.monitor.timeout, edge.monitor.retries
    if edge.mode == "tunnel":
        return connector_detection_seconds(interval=interval, timeout=timeout, retries=retries)
    if edge.mode == "records":
        return None
    if edge.provider == "route53":
        return dns_detection_seconds(interval=interval, failures=retries + 1, ttl=edge.route53.ttl)
    return worst_case_detection_seconds(interval=interval, timeout=timeout, retries=retries)


def edge_problems(platform: Platform) -> list[Problem]:
    """What the provider would refuse of these settings, or this machine lacks for it."""
    return [_problem(finding) for finding in _findings(platform) if finding.setting != CERTIFICATE] + [
        Problem(
            PROJECT_FILE,
            "openova:latency",
            problem,
            "Two places that the edge cannot tell apart would be sent to different regions.",
            "Correct the row that the rule names.",
        )
        for problem in (steering_of(platform).problems if platform.edge.mode == "load-balancer" else ())
    ]


def uncovered_names(platform: Platform) -> list[preflight.Finding]:
    """Host names for which the edge would have no certificate."""
    return [finding for finding in _findings(platform) if finding.setting == CERTIFICATE]


def _mode(platform: Platform) -> Mode:
    """What `auto` means depends on the provider: Route 53 measures latency itself."""
    edge = platform.edge
    return "dynamic" if edge.provider == "route53" and edge.steering == "auto" else edge.steering


def _findings(platform: Platform) -> tuple[preflight.Finding, ...]:
    return _route53(platform) if platform.edge.provider == "route53" else _cloudflare(platform)


def _cloudflare(platform: Platform) -> tuple[preflight.Finding, ...]:
    edge, hosts = platform.edge, edge_hosts(platform)
    advanced = edge.certificate == "advanced"
    if edge.mode != "load-balancer":
        return preflight.names(platform.domain, hosts, proxied=True, advanced_certificates=advanced)
    return preflight.check(
        preflight.EdgePlan(
            zone=platform.domain,
            hosts=hosts,
            proxied=True,
            advanced_certificates=advanced,
            tier=PlanTier(edge.plan),
            mode=edge.steering,
            interval=edge.check_interval,
            origins=sum(len(line.nodes) for line in platform.regions),
            pools=len(platform.regions),
            check_regions=len(edge.monitor.check_regions),
            faster_checks=edge.monitor.faster_checks,
            unchecked=tuple(
                sorted({area for row in platform.latency for area in row.regions} - {*edge.monitor.check_regions})
            ),
        )
    )


def _route53(platform: Platform) -> tuple[preflight.Finding, ...]:
    edge, hosts = platform.edge, edge_hosts(platform)
    sdk = find_spec("pulumi_aws") is not None
    if edge.mode != "load-balancer":
        plain = preflight.names(platform.domain, hosts, proxied=False, advanced_certificates=False)
        return (*preflight_route53.packages(sdk), *plain)
    steering = steering_of(platform)
    return preflight_route53.check(
        preflight_route53.Route53Plan(
            zone=platform.domain,
            hosts=hosts,
            mode=edge.steering,
            interval=edge.check_interval,
            failures=edge.monitor.retries + 1,
            aws_regions={code: aws_region(platform.region(code)) for code in steering.default_order},
            chat=edge.notifications.slack,
            sdk=sdk,
            continents=tuple(continent_clashes(steering)),
        )
    )


def _problem(finding: preflight.Finding) -> Problem:
    key = _KEYS.get(finding.setting, finding.setting)
    return Problem(PROJECT_FILE, f"openova:{key}", finding.rule, finding.consequence, finding.remedy)
