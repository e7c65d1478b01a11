"""What holds data or costs money is protected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from operations.plan.recorded import Recorded
from operations.policy.model import Facts, Finding, Rule

HOLDS_DATA_OR_COSTS_MONEY: Final = (
    "kubernetes:postgresql.cnpg.io/v1:Cluster",
    "kubernetes:psmdb.percona.com/v1:PerconaServerMongoDB",
    "kubernetes:mongodbcommunity.mongodb.com/v1:MongoDBCommunity",
    "cloudflare:index/r2Bucket:R2Bucket",
    "cloudflare:index/loadBalancer:LoadBalancer",
    "cloudflare:index/loadBalancerPool:LoadBalancerPool",
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
    "random:index/randomPassword:RandomPassword",
    "random:index/randomBytes:RandomBytes",
    "command:local:Command",
)
"""Lost or replaced, these take data, access or money with them."""

_ALL: Final = ("",)
_OBJECT: Final = ("metadata.name", "metadata.namespace")
REPLACING: Final = {
    "kubernetes:postgresql.cnpg.io/v1:Cluster": (*_OBJECT, "metadata.annotations.openova.io/generation"),
    "cloudflare:index/r2Bucket:R2Bucket": ("accountId", "jurisdiction", "location", "name"),
    "cloudflare:index/loadBalancer:LoadBalancer": ("zoneId",),
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": ("accountId",),
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": ("accountId",),
    "random:index/randomPassword:RandomPassword": _ALL,
    "random:index/randomBytes:RandomBytes": _ALL,
    "tls:index/privateKey:PrivateKey": _ALL,
    "tls:index/selfSignedCert:SelfSignedCert": _ALL,
    "command:local:Command": ("triggers",),
}
"""The inputs whose change makes the provider replace the resource (each provider's own reference of 2026)."""


def replaces(type_: str, field: str) -> bool:
    """True where a change of that input (a path as `metadata.name`) means a new resource in the old one's place."""
    known = REPLACING.get(type_, _OBJECT if type_.startswith("kubernetes:") else ())
    options = field in ("parent", "protect", "retainOnDelete")
    return not options and any(not prefix or field == prefix or field.startswith(f"{prefix}.") for prefix in known)


def _unprotected(resource: Recorded, facts: Facts) -> Iterator[Finding]:
    if resource.type in HOLDS_DATA_OR_COSTS_MONEY and not resource.protect and facts.protect:
        yield Finding(
            resource.name,
            f"{resource.name} holds data or costs money, and is not protected.",
            "Give it protect=, as its siblings have, or acknowledge it.",
        )


KEPT: Final = Rule(
    "kept",
    "What holds data or costs money is neither deleted nor replaced unless the configuration says so.",
    "A line taken out of a file would delete a database, a bucket or a key with the next pulumi up.",
    of_resource=_unprotected,
)
