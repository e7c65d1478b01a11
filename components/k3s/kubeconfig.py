"""The administrator's kubeconfig of a cluster."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final

import yaml

API_PORT: Final = 6443


def rewritten(kubeconfig: str, addresses: Mapping[str, str], current: str, cluster: str) -> str:
    """The kubeconfig that K3s wrote for its own host, for all servers of the cluster: one context for each of
    `addresses`, named like the server, and `current` chosen. All have the same CA and the same user, which any server
    knows, named `cluster`: kubeconfigs of several regions can be merged. Raises ValueError for anything else."""
    parsed = yaml.safe_load(kubeconfig)
    try:
        (entry,) = parsed["clusters"]
        (user,) = parsed["users"]
        (context,) = parsed["contexts"]
        parsed["clusters"] = [
            {"name": name, "cluster": {**entry["cluster"], "server": api_url(address)}}
            for name, address in addresses.items()
        ]
        parsed["contexts"] = [
            {"name": name, "context": {**context["context"], "cluster": name, "user": cluster}} for name in addresses
        ]
        user["name"] = cluster
    except (KeyError, TypeError, ValueError):
        # Not chained: the original error's text would show the content.
        raise ValueError(
            "A K3s server keeps a kubeconfig with one cluster, one user and one context. What the first server "
            "gave is something else, so no client can be set up. Look at /etc/rancher/k3s/k3s.yaml there."
        ) from None
    parsed["current-context"] = current
    return yaml.safe_dump(parsed, sort_keys=True)


def api_url(address: str) -> str:
    """`https://203.0.113.7:6443`; IPv6 addresses in brackets."""
    return f"https://{_bracketed(address)}:{API_PORT}"


def _bracketed(address: str) -> str:
    try:
        return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    except ValueError:
        return address
