"""A no-op preview by the real engine, of one stack and of two by `openova preview`: time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.engine import Engine, engine_in, missing
from tests.projects import share

RUNS = 3


def lines() -> list[str]:
    """Seconds and the most memory at one time; each the best of some runs."""
    if absent := missing(("command", "kubernetes", "random", "tls")):
        return [f"needs {', '.join(absent)} on PATH"]
    with tempfile.TemporaryDirectory() as folder:
        engine = engine_in(Path(folder))
        share(engine.root, "backups.enabled", False)
        engine.pulumi("up", "--stack", "shared", "--yes", "--skip-preview")
        shared = _best(engine, ["pulumi", "preview", "--stack", "shared", "--non-interactive", "--expect-no-changes"])
        region = _best(engine, ["pulumi", "preview", "--stack", "eu", "--non-interactive"])
        both = _best(engine, [sys.executable, "-m", "operations", "preview", "--stack", "eu", "--stack", "in"])
    return [
        f"no-op preview of shared: {shared[0]:.1f} s, {shared[1]:.0f} MB",
        f"preview of a region: {region[0]:.1f} s, {region[1]:.0f} MB",
        f"both regions by openova preview: {both[0]:.1f} s, {both[1]:.0f} MB = {both[0] / region[0]:.2f} x one region",
    ]


def _best(engine: Engine, command: list[str]) -> tuple[float, float]:
    """The shortest run in seconds, and the resident memory of all its processes at their most, in MB."""
    return min(_measured(engine, command) for _ in range(RUNS))


def _measured(engine: Engine, command: list[str]) -> tuple[float, float]:
    environment = {**engine.environment, "PYTHONPATH": str(Path(__file__).parents[1])}
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
