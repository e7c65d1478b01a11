"""How the Cloudflare provider (6.17, Terraform's v5.19) turns a resource's inputs into requests.

From the provider's models: attribute names are the JSON names, what is in the path is not in the body, and the
defaults of its schema are sent along. Pulumi writes names in camel case and some lists in the plural.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PLURALS = {"emails": "email", "poolIds": "pool_id", "newHealths": "new_health", "eventSources": "event_source",
            "ingresses": "ingress"}  # fmt: skip
_MAPS = ("regionPools", "popPools", "countryPools", "header")
"""Whose keys are values and no names."""


@dataclass(frozen=True)
class Kind:
    """One type of resource: its path, the verb of an update, and what is sent where the program is silent.

    `named` resources are found by their name, `settled` ones are made and changed by the same PUT and never deleted.
    """

    path: str
    update: str = "PUT"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    named: bool = False
    settled: bool = False


KINDS = {
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": Kind(
        "/accounts/{accountId}/load_balancers/monitors",
        defaults={
            "type": "http", "interval": 60, "retries": 2, "timeout": 5, "description": "", "expected_body": "",
            "expected_codes": "", "follow_redirects": False, "allow_insecure": False, "probe_zone": "",
        },
    ),
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": Kind(
        "/accounts/{accountId}/load_balancers/pools",
        defaults={"description": "", "enabled": True, "minimum_origins": 1, "notification_email": ""},
    ),
    "cloudflare:index/loadBalancer:LoadBalancer": Kind(
        "/zones/{zoneId}/load_balancers",
        defaults={"enabled": True, "proxied": False, "session_affinity": "none", "steering_policy": ""},
    ),
    "cloudflare:index/dnsRecord:DnsRecord": Kind("/zones/{zoneId}/dns_records", defaults={"proxied": False}),
    "cloudflare:index/notificationPolicy:NotificationPolicy": Kind(
        "/accounts/{accountId}/alerting/v3/policies", defaults={"enabled": True}
    ),
    "cloudflare:index/notificationPolicyWebhooks:NotificationPolicyWebhooks": Kind(
        "/accounts/{accountId}/alerting/v3/destinations/webhooks"
    ),
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": Kind(
        "/accounts/{accountId}/cfd_tunnel", update="PATCH"
    ),
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": Kind(
        "/accounts/{accountId}/cfd_tunnel/{tunnelId}/configurations", settled=True
    ),
    "cloudflare:index/r2Bucket:R2Bucket": Kind("/accounts/{accountId}/r2/buckets", update="PATCH", named=True),
}  # fmt: skip


def path_of(kind: Kind, inputs: Mapping[str, Any]) -> str:
    """The collection's path."""
    return kind.path.format(**inputs)


def headers_of(kind: Kind, inputs: Mapping[str, Any]) -> dict[str, str]:
    """What goes into headers: of buckets, the jurisdiction and the storage class."""
    if not kind.named:
        return {}
    return {"cf-r2-jurisdiction": inputs["jurisdiction"], "cf-r2-storage-class": inputs["storageClass"]}


def body_of(kind: Kind, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The request's body."""
    in_path = set(re.findall(r"{(\w+)}", kind.path))
    if kind.named:
        return {"name": inputs["name"], "locationHint": inputs["location"], "storageClass": inputs["storageClass"]}
    named = {key: value for key, value in inputs.items() if key not in in_path}
    body: dict[str, Any] = {**kind.defaults, **_renamed(named)}
    return body


def _renamed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_PLURALS.get(key, _snake(key)): item if key in _MAPS else _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match.group().lower()}", name)
