"""The ledger's image: what its Containerfile puts into it is all that it needs."""

from __future__ import annotations

from pathlib import Path

import yaml

from lab.ledger_root import CONTAINERFILE, GROUP
from lab.python_image import modules
from tests.image import laid_out, run
from tests.projects import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "image.yaml"


def test_the_ledger_starts_with_what_the_image_holds_and_nothing_else(tmp_path: Path) -> None:
    image = laid_out(CONTAINERFILE, GROUP, tmp_path)
    done = run(image, CONTAINERFILE, "operations.drill.ledger")
    assert done.returncode == 2, done.stderr
    assert "DATABASE_PRIMARY_URL" in done.stderr


def test_the_workflow_builds_it() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = "\n".join(step.get("run", "") for step in workflow["jobs"]["release"]["steps"])
    assert str(CONTAINERFILE.relative_to(ROOT)) in steps
    assert not [name for name in modules(CONTAINERFILE) if "/settings/" in name]
