"""The committed project changed into each of the systems that it can be."""

from __future__ import annotations

from importlib.util import find_spec
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


def witness(root: Path) -> None:
    """Two voters in each region and one at a third site."""
    for index, priorities in enumerate(([10, 9], [5, 4])):
        edit(root / "Pulumi.yaml", f"config.regions.value.{index}.mongodb.priorities", priorities)
    share(root, "witnesses", [WITNESS])
    share(root, "prices.locationFees.SIN", 0)
    share(root, "budget", 90)
    stack = root / "Pulumi.sg.yaml"
    stack.write_text("config: {}\n")
    node = {"address": "192.0.2.11", "product": "VPS 10", "hostKey": _host_key(root)}
    for key, given in {
        "kind": "witness",
        "code": "sg",
        "adminCidrs": ["192.0.2.128/25"],
        "nodes": {"contabo-sg-1": node},
    }.items():
        edit(stack, ["config", f"openova:{key}"], given)


def _host_key(root: Path) -> str:
    key: str = value(root / "Pulumi.eu.yaml", "config.openova:nodes.contabo-eu-1.hostKey")
    return key


WITNESS = {
    "code": "sg",
    "name": "singapore",
    "place": "Singapore",
    "country": "SG",
    "coordinates": {"latitude": 1.35, "longitude": 103.82},
    "location": "SIN",
    "networks": {"pods": "10.46.0.0/16", "services": "10.47.0.0/16", "mesh": "10.99.3.0/24"},
    "nodes": ["contabo-sg-1"],
}


def route53(root: Path) -> None:
    share(root, "edge.provider", "route53")
    share(root, "edge.monitor", {"path": "/health"})
    share(root, "edge.notifications", {"email": "ops@example.org"})
    share(root, "edge.route53", {"zoneId": "Z0000000000000000000", "accountId": "0" * 12})


def route53_records(root: Path) -> None:
    route53(root)
    share(root, "edge.mode", "records")


def guarded(root: Path) -> None:
    share(root, "guard", GUARDED)


VARIANTS = {
    "witness": witness,
    "guarded": guarded,
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
