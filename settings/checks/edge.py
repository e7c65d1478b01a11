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
    yield from _provider(platform)
    yield from _identities(platform)


def _provider(platform: Platform) -> Iterator[Problem]:
    if platform.edge.provider == "route53" and platform.edge.mode == "tunnel":
        yield Problem(
            FILE,
            "openova:edge.mode",
            "A tunnel is Cloudflare's, and its names must be in a zone there; the provider is route53.",
            "The connectors would run and no name would lead to them.",
            "Set edge.provider to cloudflare, or edge.mode to load-balancer.",
        )


def _identities(platform: Platform) -> Iterator[Problem]:
    """Ids without which the provider refuses the first request."""
    edge, backups = platform.edge, platform.backups
    cloudflare = edge.provider == "cloudflare"
    needed = {
        "edge.zoneId": ("Cloudflare's id of the zone", edge.zone_id, cloudflare),
        "edge.accountId": ("Cloudflare's id of the account", edge.account_id, cloudflare and edge.mode != "records"),
        "edge.route53.zoneId": ("Route 53's id of the hosted zone", edge.route53.zone_id, not cloudflare),
        "backups.accountId": ("Cloudflare's id of the account", backups.account_id, backups.enabled),
    }
    for key, (what, value, wanted) in needed.items():
        if wanted and not value:
            yield Problem(
                FILE,
                f"openova:{key}",
                f"{what} is not given.",
                "pulumi up would stop half-way, at the first thing that is made there.",
                "Copy it from the dashboard of the zone (Cloudflare: Overview; Route 53: Hosted zone details).",
            )
