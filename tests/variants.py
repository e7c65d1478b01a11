"""The committed project changed into each of the systems that it can be."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tests.projects import edit, share, value


def single(root: Path) -> None:
    lines = [line for line in _regions(root) if line["code"] == "eu"]
    edit(root / "Pulumi.yaml", "config.regions.value", lines)
    (root / "Pulumi.in.yaml").unlink()
    share(root, "phase", "single")
    share(root, "latency", [])
    share(root, "edge.mode", "records")
    share(root, "mongodb.operator", "community")
    share(root, "applications", [{"name": "api", "namespace": "apps", "image": f"example.org/api@sha256:{'0' * 64}"}])


def active_active(root: Path) -> None:
    share(root, "phase", "active-active")


def tunnel(root: Path) -> None:
    share(root, "edge.mode", "tunnel")
    share(root, "postgres.replicationAuth", "password")
    watched = {"monitors": True, "remoteWrite": "https://metrics.example.org/api/v1/write", "user": "1"}
    edit(root / "Pulumi.eu.yaml", "config.openova:observability", watched)


def ordered(root: Path) -> None:
    """One node of Europe comes from Contabo."""
    stack = root / "Pulumi.eu.yaml"
    edit(stack, "config.openova:nodes.contabo-eu-3", {"provisioning": "order", "product": "VPS 10"})
    contabo = {
        "productId": "V92",
        "imageId": "afecbb85-e2fc-46f0-9684-b46b1faf00bb",
        "dataCenter": "European Union 1",
        "authorizedKeys": [value(stack, "config.openova:nodes.contabo-eu-1.hostKey")],
    }
    edit(stack, "config.openova:contabo", contabo)


def route53(root: Path) -> None:
    share(root, "edge.provider", "route53")
    share(root, "edge.monitor", {"path": "/health"})
    share(root, "edge.notifications", {"email": "ops@example.org"})
    share(root, "edge.route53", {"zoneId": "Z0000000000000000000", "accountId": "0" * 12})


def route53_records(root: Path) -> None:
    route53(root)
    share(root, "edge.mode", "records")


VARIANTS = {
    "ordered": ordered,
    "committed": lambda root: None,
    "single": single,
    "active-active": active_active,
    "tunnel": tunnel,
}

HAS_ROUTE_53 = find_spec("pulumi_aws") is not None
"""Whether the optional extra is installed."""

if HAS_ROUTE_53:
    VARIANTS |= {"route53": route53, "route53-records": route53_records}


def _regions(root: Path) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = value(root / "Pulumi.yaml", "config.regions.value")
    return lines
