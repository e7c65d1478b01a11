"""The edge: who is in traffic. What the plan tier allows is for the preflight of components.edge."""

from __future__ import annotations

from collections.abc import Iterator

from settings.platform import Platform
from settings.problems import Problem

FILE = "Pulumi.yaml"


def check(platform: Platform) -> Iterator[Problem]:
    """All problems of the edge."""
    edge = platform.edge
    if set(edge.drained) >= set(platform.codes):
        yield Problem(
            FILE,
            "openova:edge.drained",
            "Every region is drained.",
            "Nobody would get an answer.",
            "Leave at least one region in traffic.",
        )
    if not platform.tenants and all("{tenant}" in host for host in edge.hosts):
        yield Problem(
            FILE,
            "openova:tenants",
            "Every host name is one a tenant, and there is no tenant.",
            "Nothing would be served.",
            "Add a tenant, or a host name without {tenant}.",
        )
