"""From settings to what the edge is asked: pure, used by the global stack and by the plan."""

from __future__ import annotations

from components.edge import preflight
from components.edge.steering import LatencyRow, SteeredRegion, Steering, steer
from settings.naming import edge_hosts
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
        mode=platform.edge.steering,
    )


def edge_problems(platform: Platform) -> list[Problem]:
    """What Cloudflare would refuse of these settings."""
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


def _findings(platform: Platform) -> tuple[preflight.Finding, ...]:
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
            interval=edge.monitor.interval,
            origins=sum(len(line.nodes) for line in platform.regions),
            pools=len(platform.regions),
            check_regions=len(edge.monitor.check_regions),
            faster_checks=edge.monitor.faster_checks,
            unchecked=tuple(
                sorted({area for row in platform.latency for area in row.regions} - {*edge.monitor.check_regions})
            ),
        )
    )


def _problem(finding: preflight.Finding) -> Problem:
    key = _KEYS.get(finding.setting, finding.setting)
    return Problem(PROJECT_FILE, f"openova:{key}", finding.rule, finding.consequence, finding.remedy)
