"""The guard's image: that what the Containerfile puts into it is all that the guard needs. The image itself is built
by the release workflow; here the same files and packages are laid out and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from tests.projects import ROOT

CONTAINERFILE = ROOT / "operations" / "guard" / "Containerfile"
WORKFLOW = ROOT / ".github" / "workflows" / "guard-image.yaml"
GROUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["guard"]


def name_of(requirement: str) -> str:
    return re.split(r"[<>=!~; \[]", requirement, maxsplit=1)[0].strip().lower().replace("_", "-")


def packages() -> set[str]:
    """The group, and what it needs."""
    found: set[str] = set()
    waiting = [name_of(requirement) for requirement in GROUP]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        needed = metadata.requires(name) or []
        waiting += [name_of(each) for each in needed if "extra ==" not in each]
    return found


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder as the image has it: our modules in `guard`, packages in `packages`."""
    for line in CONTAINERFILE.read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line and "uv.lock" not in line:
            *sources, target = line.split()[1:]
            for source in sources:
                if source.endswith("/"):
                    shutil.copytree(ROOT / source, tmp_path / "guard" / target, dirs_exist_ok=True)
                else:
                    (tmp_path / "guard" / target).mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / source, tmp_path / "guard" / target)
    for name in packages():
        for file in map(str, metadata.files(name) or []):
            if not file.startswith(("..", "__pycache__")):
                link = tmp_path / "packages" / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(Path(str(metadata.distribution(name).locate_file(file))))
    return tmp_path


def test_the_guard_starts_with_what_the_image_holds_and_nothing_else(image: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "operations.guard"],
        cwd=image,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{image / 'guard'}:{image / 'packages'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "GUARD_REGION is missing" in done.stderr
    assert "the barrier stays as it is" in done.stderr


def test_the_workflow_prints_the_digest_as_the_setting_wants_it() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = "\n".join(step.get("run", "") for step in workflow["jobs"]["release"]["steps"])
    assert "openova:guard.image: %s@%s" in steps
    assert str(CONTAINERFILE.relative_to(ROOT)) in steps
    assert workflow["permissions"] == {"contents": "read", "packages": "write"}
