"""The ledger's image: what its Containerfile puts into it is all that it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import yaml

from lab.ledger_root import CONTAINERFILE, GROUP
from lab.python_image import modules, requirements
from tests.projects import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "image.yaml"


def test_the_ledger_starts_with_what_the_image_holds_and_nothing_else(tmp_path: Path) -> None:
    for inside, here in modules(CONTAINERFILE).items():
        (tmp_path / inside[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here, tmp_path / inside[1:])
    for name in (requirement.partition("==")[0] for requirement in requirements(GROUP)):
        for file in map(str, metadata.files(name) or []):
            if not file.startswith(("..", "__pycache__")):
                link = tmp_path / "packages" / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(Path(str(metadata.distribution(name).locate_file(file))))
    done = subprocess.run(
        [sys.executable, "-S", "-m", "operations.drill.ledger"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path / 'ledger'}:{tmp_path / 'packages'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "DATABASE_PRIMARY_URL" in done.stderr


def test_the_workflow_builds_it() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = "\n".join(step.get("run", "") for step in workflow["jobs"]["release"]["steps"])
    assert str(CONTAINERFILE.relative_to(ROOT)) in steps
    assert not [name for name in modules(CONTAINERFILE) if "/settings/" in name]
