"""`openova plan` from 2 to 20 regions (goal: time a region does not grow)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import yaml

from bench.plan import ROOT, best

SIZES = (2, 10, 20)


def lines() -> list[str]:
    """Seconds by number of regions, and what each further region costs."""
    seconds = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            root = project_of(Path(folder), size)
            seconds[size] = best(
                [sys.executable, "-m", "operations", "plan", "--root", str(root), "--out", f"{root}/out"], runs=2
            )
    first, middle, last = SIZES
    early = (seconds[middle] - seconds[first]) / (middle - first)
    late = (seconds[last] - seconds[middle]) / (last - middle)
    told = ", ".join(f"{size}: {value:.2f} s" for size, value in seconds.items())
    return [
        f"regions {told}",
        f"a further region: {early:.2f} s up to {middle}, {late:.2f} s up to {last} = {late / early:.2f} x",
    ]


def project_of(folder: Path, size: int) -> Path:
    """The committed project with `size` regions: the first two, and copies of the second."""
    shared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    config = shared["config"]
    lines = config["regions"]["value"]
    template = (ROOT / "Pulumi.in.yaml").read_text()
    for number in range(2, size):
        code = f"r{chr(97 + number)}"
        lines.append(_line(code, number))
        text = template.replace("openova:code: in", f"openova:code: {code}").replace("contabo-in-", f"contabo-{code}-")
        (folder / f"Pulumi.{code}.yaml").write_text(text.replace("198.51.100.", f"10.200.{number}."))
    config["budget"]["value"] = 100000
    config["edge"]["value"]["plan"] = "enterprise"
    for name in ("eu", "in", "shared", "global"):
        (folder / f"Pulumi.{name}.yaml").write_text((ROOT / f"Pulumi.{name}.yaml").read_text())
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(shared, sort_keys=False))
    return folder


def _line(code: str, number: int) -> dict[str, object]:
    return {
        "code": code,
        "name": f"region-{code}",
        "place": f"Place {number}",
        "country": "DE",
        "coordinates": {"latitude": 60 - 5 * number, "longitude": 15 * number - 150},
        "networks": {
            "pods": f"10.{100 + number}.0.0/16",
            "services": f"10.{150 + number}.0.0/16",
            "mesh": f"10.99.{10 + number}.0/24",
        },
        "nodes": [f"contabo-{code}-{index}" for index in (1, 2, 3)],
        "postgres": {"cluster": f"postgresql-{code}", "cloneFrom": "eu"},
        "mongodb": {"priorities": []},
    }
