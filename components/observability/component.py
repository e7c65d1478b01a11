"""Metrics and alerts of one region's databases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.kubernetes import StatusResource, helm_release, namespace, secret
from components.observability.agent import TOKEN_VARIABLE, alloy_config
from components.observability.alerts import Watched, region_rules, topology_rules
from components.observability.guard_alerts import WatchedGuard, guard_monitor_spec, guard_rules
from settings.versions import ALLOY_CHART

MONITORING: Final = "monitoring.coreos.com/v1"
NAMESPACES: Final = ("databases", "mongodb", "cnpg-system")
"""Where databases and their operator run."""

TOKEN_SECRET: Final = "remote-write"  # noqa: S105 the Secret's name


@dataclass(frozen=True, kw_only=True)
class MetricsAgentArgs:
    """Where metrics are sent, and with what. Without `username` the token is a bearer token."""

    url: str
    token: pulumi.Input[str]
    username: str | None = None
    namespaces: tuple[str, ...] = NAMESPACES


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """What is watched in one region. Everything is off until it is asked for.

    `operator_resources` makes a PodMonitor and a PrometheusRule, for clusters that run the Prometheus
    operator; without its definitions the API server refuses them. `topology` lists the clusters of all
    regions and belongs to the one region whose Prometheus sees them all. `agent` needs no definitions.
    """

    region: str
    cluster: Watched | None = None
    topology: tuple[Watched, ...] = ()
    guard: WatchedGuard | None = None
    operator_resources: bool = False
    agent: MetricsAgentArgs | None = None
    namespace: str = "observability"


class Observability(pulumi.ComponentResource):
    """PodMonitor and alert rules of a region's PostgreSQL, and an agent that ships metrics elsewhere."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:observability:Observability", name, None, opts)
        if args.operator_resources and args.cluster is not None:
            self._operator_resources(name, args, args.cluster)
        if args.agent is not None:
            self._agent(name, args, args.agent)
        self.register_outputs({})

    def _operator_resources(self, name: str, args: ObservabilityArgs, cluster: Watched) -> None:
        metadata = {"name": cluster.cluster_name, "namespace": cluster.namespace}
        made: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
            ("pod-monitor", "PodMonitor", metadata, pod_monitor_spec(cluster)),
            ("rules", "PrometheusRule", metadata, rule_spec(cluster, args.topology, args.guard)),
        ]
        if args.guard is not None:
            of_guard = {"name": args.guard.namespace, "namespace": cluster.namespace}
            made.append(("guard-monitor", "PodMonitor", of_guard, guard_monitor_spec(args.guard)))
        for suffix, kind, called, spec in made:
            StatusResource(
                f"{name}-{suffix}",
                api_version=MONITORING,
                kind=kind,
                metadata=called,
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _agent(self, name: str, args: ObservabilityArgs, agent: MetricsAgentArgs) -> None:
        child = pulumi.ResourceOptions(parent=self)
        own = namespace(f"{name}-namespace", args.namespace, opts=child)
        token = secret(f"{name}-token", TOKEN_SECRET, own.metadata["name"], {TOKEN_VARIABLE: agent.token}, opts=child)
        helm_release(
            f"{name}-alloy",
            ALLOY_CHART,
            namespace=own.metadata["name"],
            values=agent_values(args.region, agent),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[token]),
        )


def pod_monitor_spec(cluster: Watched) -> dict[str, Any]:
    """The `spec` of the PodMonitor: the instances, not the jobs that bear the cluster's label too."""
    return {
        "selector": {
            "matchLabels": {"cnpg.io/cluster": cluster.cluster_name, "cnpg.io/podRole": "instance"},
        },
        "podMetricsEndpoints": [{"port": "metrics"}],
    }


def rule_spec(cluster: Watched, topology: tuple[Watched, ...], guard: WatchedGuard | None = None) -> dict[str, Any]:
    """The `spec` of the PrometheusRule."""
    groups = [{"name": "postgres-region", "rules": region_rules(cluster)}]
    if guard is not None:
        groups.append({"name": "guard", "rules": guard_rules(guard)})
    if topology:
        groups.append({"name": "postgres-topology", "rules": topology_rules(topology)})
    return {"groups": groups}


def agent_values(region: str, agent: MetricsAgentArgs) -> dict[str, Any]:
    """The chart's values: one pod, the token from the Secret, no definitions, no reports to its maker.

    The chart passes the configuration through its template engine, which this text has no marks of.
    """
    config = alloy_config(region=region, namespaces=agent.namespaces, url=agent.url, username=agent.username)
    return {
        "crds": {"create": False},
        "controller": {"type": "deployment", "replicas": 1},
        "alloy": {
            "configMap": {"create": True, "content": config},
            "enableReporting": False,
            "envFrom": [{"secretRef": {"name": TOKEN_SECRET}}],
            "resources": {
                "requests": {"cpu": "50m", "memory": "128Mi"},
                "limits": {"cpu": "300m", "memory": "384Mi"},
            },
        },
    }
