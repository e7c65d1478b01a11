"""A drill of its own in the regions of these tests, by the command: what it measures, and what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab import s3
from lab.ledger_root import ledger_packages
from tests.planning import ROOT
from tests.two_regions.conftest import BELOW, Regions

pytestmark = [pytest.mark.lab, pytest.mark.regions]
SECONDS = 500


def test_the_pod_that_writes_is_killed_and_no_row_is_lost(regions: Regions, tmp_path: Path) -> None:
    """Whether it was quick enough depends on this machine, and is not asked."""
    if absent := s3.missing() or ("" if ledger_packages().exists() else "needs the ledger (python -m lab build)"):
        pytest.skip(absent)
    home = regions.lab.folder.parents[len(BELOW.parts) - 1]
    command = [sys.executable, "-m", "operations", "drill", "primary-kill", "--rate=20", f"--out={tmp_path}"]
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "XDG_STATE_HOME": str(home), "COLUMNS": "160"}, capture_output=True,
        text=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    (file,) = tmp_path.glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text())
    print(ran.stdout)
    assert found["figures"]["acknowledged"] > 0
    assert (found["figures"]["lostRows"], found["figures"]["doublyWrittenRows"]) == (0, 0)
    checks = {goal["name"]: goal["met"] for goal in found["goals"] if goal["limit"] is None}
    assert checks["another pod of the region writes"]
    assert file.with_suffix(".svg").exists()
    left = regions.lab.cluster(found["writer"]).kubectl(
        "get", "pods", "--all-namespaces", "--selector=app.kubernetes.io/name=openova-drill", "--output=name"
    )
    assert left.strip() == ""
