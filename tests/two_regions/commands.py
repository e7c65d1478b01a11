"""The operator's commands, run in the lab's own network as a person would run them at a desk."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from lab.regions import Lab
from lab.tools import cache
from operations.drill.operator import Operator
from tests.planning import ROOT

SECONDS = 500


def openova(lab: Lab, command: str, without: str = "") -> subprocess.CompletedProcess[str]:
    """The command as a runbook has it, on the lab's settings, clusters and record; it was agreed to beforehand.

    The kubeconfig of the region `without` is not at hand. Whoever runs this may be logged in to a real state.
    """
    kubeconfigs = [f"{code}={lab.cluster(code).kubeconfig}" for code in ("eu", "in")]
    operator = Operator(lab.project, kubeconfigs, lab.store.outputs_file(), pulumi=False, say=lambda text: None)
    return subprocess.run(
        lab.running.within(operator.arguments(command, without)),
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
    found: dict[str, Any] = json.loads(openova(lab, "openova status --json").stdout)
    return found
