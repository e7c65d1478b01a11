"""Previews by the real engine: time, memory, and what the policies and a second stack add."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from operations.stacks.engine import PACK
from tests.engine import Engine, engine_in, missing
from tests.projects import share
from tests.stacks.conftest import platform_in

RUNS = 3
JUDGED = ("--policy-pack", str(PACK))


def lines() -> list[str]:
    """Seconds and the most memory at one time; each the best of some runs."""
    if absent := missing(("cloudflare", "command", "kubernetes", "random", "tls")):
        return [f"needs {', '.join(absent)} on PATH"]
    with tempfile.TemporaryDirectory() as folder:
        return [*_whole(Path(folder) / "whole"), *_nothing_to_do(Path(folder) / "done")]


def _whole(folder: Path) -> list[str]:
    """The program as it is: a region that is all to be made, which is the most that a preview can have to do."""
    folder.mkdir()
    engine = engine_in(folder)
    share(engine.root, "backups.enabled", False)
    engine.pulumi("up", "--stack", "shared", "--yes", "--skip-preview")
    region = _best(engine, _preview("eu"))
    judged = _best(engine, _preview("eu", *JUDGED))
    command = [sys.executable, "-m", "operations", "preview", "--no-policies"]
    both = _best(engine, [*command, "--stack", "eu", "--stack", "in"])
    return [
        f"preview of a whole region: {_said(region)}",
        f"with the policies: {_said(judged)} = {_ratio(judged, region)}",
        f"both regions by openova preview: {_said(both)} = {_ratio(both, region)}",
    ]


def _nothing_to_do(folder: Path) -> list[str]:
    """Every stack brought up; the region without hosts, since there are none here."""
    with platform_in(folder) as platform:
        told = platform.openova("up")
        assert told.code == 0, told.progress
        found = []
        for stack in ("shared", "eu"):
            plain = _best(platform.engine, _preview(stack, "--expect-no-changes"))
            judged = _best(platform.engine, _preview(stack, "--expect-no-changes", *JUDGED))
            found += [
                f"no-op preview of {stack}, {len(platform.resources(stack))} resources: {_said(plain)}",
                f"with the policies: {_said(judged)} = {_ratio(judged, plain)}",
            ]
        return found


def _preview(stack: str, *more: str) -> list[str]:
    return ["pulumi", "preview", "--stack", stack, "--non-interactive", *more]


def _said(measured: tuple[float, float]) -> str:
    return f"{measured[0]:.1f} s, {measured[1]:.0f} MB"


def _ratio(one: tuple[float, float], other: tuple[float, float]) -> str:
    return f"{one[0] / other[0]:.2f} x the time, {one[1] / other[1]:.2f} x the memory"


def _best(engine: Engine, command: list[str]) -> tuple[float, float]:
    """The shortest run in seconds, and the resident memory of all its processes at their most, in MB."""
    return min(_measured(engine, command) for _ in range(RUNS))


def _measured(engine: Engine, command: list[str]) -> tuple[float, float]:
    environment = {"PYTHONPATH": str(Path(__file__).parents[1]), **engine.environment}
    begun, most = time.perf_counter(), 0.0
    with subprocess.Popen(
        command, cwd=engine.root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            most = max(most, _resident(process.pid))
            time.sleep(0.1)
        assert process.returncode == 0, command
    return time.perf_counter() - begun, most / 1e6


def _resident(root: int) -> float:
    """Bytes of a process and of all that descend from it (proc(5): stat, statm). Shared pages count in each."""
    parents: dict[int, int] = {}
    pages: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                pages[int(folder.name)] = int((folder / "statm").read_text().split()[1])
            except OSError:
                continue
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return float(sum(pages.get(pid, 0) for pid in family) * os.sysconf("SC_PAGE_SIZE"))
