"""From settings to what is watched in a region."""

from __future__ import annotations

from components.guard.names import NAME as GUARD
from components.observability import NAMESPACES, Follower, MetricsAgentArgs, ObservabilityArgs, Watched, WatchedGuard
from regions.inputs import SecretInput
from settings.platform import Platform
from settings.secrets import METRICS_TOKEN
from settings.stacks import RegionStack


def observability_args(platform: Platform, stack: RegionStack, secret_input: SecretInput) -> ObservabilityArgs | None:
    """The arguments, or None where nothing is to be watched.

    The primary's alerts also know its followers in the other regions.
    """
    settings, line = stack.observability, platform.region(stack.code)
    if not settings.on:
        return None
    leads = platform.phase == "read-replicas" and line.code == platform.authority.primary
    followers = [other.postgres.cluster for other in platform.regions if other.code != line.code] if leads else []
    agent = None
    if settings.remote_write is not None:
        agent = MetricsAgentArgs(
            url=settings.remote_write,
            token=secret_input(METRICS_TOKEN),
            username=settings.user or None,
            namespaces=(*NAMESPACES, *((GUARD,) if platform.guarded else ())),
        )
    return ObservabilityArgs(
        region=line.name,
        cluster=Watched(
            cluster_name=line.postgres.cluster,
            namespace=platform.postgres.namespace,
            followers=tuple(Follower(cluster_name=name) for name in followers),
        ),
        guard=WatchedGuard(
            code=line.code, namespace=GUARD, ttl=platform.guard.ttl, leased=platform.guard.isolation == "fence"
        )
        if platform.guarded
        else None,
        operator_resources=settings.monitors,
        agent=agent,
    )
