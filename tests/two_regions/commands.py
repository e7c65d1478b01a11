"""The operator's commands, run in the lab's own network as a person would run them at a desk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from lab.regions import Lab
from lab.tools import cache
from tests.planning import ROOT

SECONDS = 500


def openova(lab: Lab, *arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
    """`openova` with these arguments, on the lab's settings and clusters; nobody answers questions.

    The kubeconfig of the region `without` is not at hand. Whoever runs this may be logged in to a real state.
    """
    alone = ["--no-pulumi"] if arguments[0] in ("switchover", "failover") else []
    given = [f"--kubeconfig={code}={lab.cluster(code).kubeconfig}" for code in ("eu", "in") if code != without]
    command = [sys.executable, "-m", "operations", *arguments, *alone, f"--root={lab.project}", *given]
    return subprocess.run(
        lab.running.within(command),
        cwd=ROOT,
        env={**os.environ, "PATH": f"{cache() / 'bin'}:{os.environ['PATH']}", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )


def status(lab: Lab) -> dict[str, Any]:
    """What `openova status --json` says."""
    ran = openova(lab, "status", "--json", store_file(lab))
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def store_file(lab: Lab) -> str:
    """The option that names the outputs of the stack `shared`, with the record's bucket and keys."""
    return f"--store={lab.store.outputs_file()}"
