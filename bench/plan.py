"""`openova plan`, warm, against the slowest single import of a provider's SDK (goal: at most 1.3)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SDKS = ("pulumi_cloudflare", "pulumi_kubernetes", "pulumi_command", "pulumi_random", "pulumi_tls")
RUNS = 3


def lines() -> list[str]:
    """The imports, the plan, and their ratio; each the best of some runs, so that a busy moment counts less."""
    imports = {sdk: best([sys.executable, "-c", f"import {sdk}"]) for sdk in SDKS}
    slowest = max(imports, key=lambda sdk: imports[sdk])
    with tempfile.TemporaryDirectory() as folder:
        plan = best([sys.executable, "-m", "operations", "plan", "--out", folder])
    told = ", ".join(f"{sdk.removeprefix('pulumi_')} {seconds:.2f} s" for sdk, seconds in imports.items())
    return [
        f"imports: {told}",
        f"plan: {plan:.2f} s = {plan / imports[slowest]:.2f} x {slowest}",
    ]


def best(command: list[str], runs: int = RUNS) -> float:
    """The shortest of some runs in seconds; the first warms the caches."""
    return min(_seconds(command) for _ in range(runs))


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun
