"""Metrics and alerts of the databases."""

from components.observability.alerts import Follower, Watched, region_rules, topology_rules
from components.observability.component import MetricsAgentArgs, Observability, ObservabilityArgs

__all__ = [
    "Follower",
    "MetricsAgentArgs",
    "Observability",
    "ObservabilityArgs",
    "Watched",
    "region_rules",
    "topology_rules",
]
