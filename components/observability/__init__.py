"""Metrics and alerts of the databases."""

from components.observability.alerts import Follower, Watched, region_rules, topology_rules
from components.observability.component import NAMESPACES, MetricsAgentArgs, Observability, ObservabilityArgs
from components.observability.guard_alerts import WatchedGuard, guard_rules

__all__ = [
    "NAMESPACES",
    "Follower",
    "MetricsAgentArgs",
    "Observability",
    "ObservabilityArgs",
    "Watched",
    "WatchedGuard",
    "guard_rules",
    "region_rules",
    "topology_rules",
]
