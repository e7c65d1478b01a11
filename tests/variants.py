"""The committed project changed into each of the systems that it can be."""

from __future__ import annotations

from pathlib import Path

from tests.projects import GUARDED, edit, share, value


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


def guarded(root: Path) -> None:
    share(root, "guard", GUARDED)


VARIANTS = {
    "guarded": guarded,
    "ordered": ordered,
    "committed": lambda root: None,
    "single": single,
    "active-active": active_active,
    "tunnel": tunnel,
}


def _regions(root: Path) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = value(root / "Pulumi.yaml", "config.regions.value")
    return lines
