"""K3s' configuration files and places, as the program's scripts write and look for them."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import yaml

RELEASE = "RELEASE"
"""Replaced by the tag when the lab publishes this."""

ETC = Path("/etc/rancher/k3s")
DATA = Path("/var/lib/rancher/k3s")
SERVER, AGENT = DATA / "server", DATA / "agent"
TLS = SERVER / "tls"
KUBECONFIG = ETC / "k3s.yaml"
BIN = Path("/usr/local/lib/openova-lab/bin")
"""Upstream's programs: a folder of the machine that the host sees, read-only."""

MANIFESTS = Path("/usr/local/lib/openova-lab/manifests")
PULLED = Path("/usr/local/lib/openova-lab/pulled")
"""The store of a containerd that has pulled what registries would give; of the machine too."""

IMAGES = AGENT / "images"
API_PORT = 6443
DOMAIN = "cluster.local"


def configuration() -> dict[str, Any]:
    """`config.yaml`, then the files of `config.yaml.d` in their order."""
    found: dict[str, Any] = {}
    for file in (ETC / "config.yaml", *sorted((ETC / "config.yaml.d").glob("*.yaml"))):
        if file.exists():
            found |= yaml.safe_load(file.read_text()) or {}
    return found


def token() -> tuple[str, str]:
    """The CA's hash (empty on a first server) and the password of the token that this host was given."""
    given = (ETC / "token").read_text().strip()
    if not given.startswith("K10"):
        return "", given
    hash_, _, credentials = given.removeprefix("K10").partition("::")
    return hash_, credentials.partition(":")[2]


def first_service_address(service_cidr: str) -> str:
    """The address of the API's own Service."""
    return str(ipaddress.ip_network(service_cidr)[1])
