"""The program's edge as `Applying` carries it out: the stack `global` of a project, or one component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.cloudflare import applied
from lab.cloudflare.applied import Program
from regions import contract
from tests.projects import SHARED, edit, value
from tests.recording import record


def component(program: Callable[[], Any]) -> Program:
    """A piece of a program."""
    return lambda answer: record(program, answer=answer, preview=False)


def stack(root: Path, name: str = "global") -> Program:
    """A stack of the project in `root`, when every region's stack has been brought up."""
    return applied.stack(root, lambda code: brought_up(root, code), name)


def brought_up(root: Path, code: str) -> Mapping[str, Any]:
    """What the stack `global` reads of a region: the addresses of its nodes."""
    return {"contract": contract.VERSION, "addresses": addresses(root, code)}


def addresses(root: Path, code: str) -> dict[str, str]:
    """A region's addresses by node."""
    nodes = value(root / f"Pulumi.{code}.yaml", "config.openova:nodes")
    return {name: node["address"] for name, node in nodes.items()}


def add_region(root: Path) -> None:
    """A third region, `us` in North America: one file, one line, and one row of latency that it wins."""
    template = (root / "Pulumi.in.yaml").read_text()
    text = template.replace("openova:code: in", "openova:code: us").replace("contabo-in-", "contabo-us-")
    (root / "Pulumi.us.yaml").write_text(text.replace("198.51.100.", "192.0.2."))
    lines = value(root / SHARED, "config.regions.value")
    lines.append(
        {
            "code": "us",
            "name": "america",
            "place": "New York",
            "country": "US",
            "coordinates": {"latitude": 40.7, "longitude": -74.0},
            "networks": {"pods": "10.46.0.0/16", "services": "10.47.0.0/16", "mesh": "10.99.3.0/24"},
            "nodes": ["contabo-us-1", "contabo-us-2", "contabo-us-3"],
            "postgres": {"cluster": "postgresql-us", "generation": 1, "cloneFrom": "eu"},
            "mongodb": {"priorities": []},
        }
    )
    edit(root / SHARED, "config.regions.value", lines)
    rows = value(root / SHARED, "config.latency.value")
    for row in rows:
        row["rtt"]["us"] = [300, 320]
    rows.append(
        {
            "location": "North America",
            "latitude": 40.7,
            "longitude": -74.0,
            "rtt": {"eu": [80, 110], "in": [200, 250], "us": [10, 40]},
            "regions": ["ENAM", "WNAM"],
        }
    )
    edit(root / SHARED, "config.latency.value", rows)
    edit(root / SHARED, "config.budget.value", 500)


def remove_region(root: Path) -> None:
    """Take the third region out again."""
    for key in ("config.regions.value", "config.latency.value"):
        edit(root / SHARED, key, value(root / SHARED, key)[:-1])
    rows = value(root / SHARED, "config.latency.value")
    for row in rows:
        del row["rtt"]["us"]
    edit(root / SHARED, "config.latency.value", rows)
    (root / "Pulumi.us.yaml").unlink()
