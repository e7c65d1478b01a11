"""The guard's image: that what the Containerfile puts into it is all that the guard needs. The image itself is built
by the release workflow; here the same files and packages are laid out and run."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lab.guard_root import CONTAINERFILE, GROUP
from tests.image import laid_out, run
from tests.projects import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "image.yaml"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder as the image has it: our modules in `guard`, packages in `packages`."""
    return laid_out(CONTAINERFILE, GROUP, tmp_path)


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [
        ("operations.guard", 2, "GUARD_REGION is missing"),
        ("operations.guard", 2, "the barrier stays as it is"),
        ("operations.guard.watch", 1, "GUARD_REGION, GUARD_NODES"),
    ],
)
def test_its_programs_start_with_what_the_image_holds_and_nothing_else(
    image: Path, module: str, code: int, said: str
) -> None:
    done = run(image, CONTAINERFILE, module)
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def test_the_workflow_prints_the_digest_as_the_setting_wants_it() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = "\n".join(step.get("run", "") for step in workflow["jobs"]["release"]["steps"])
    assert "wanted=openova:guard.image" in steps
    assert "%s: %s@%s" in steps
    assert str(CONTAINERFILE.relative_to(ROOT)) in steps
    assert workflow["permissions"] == {"contents": "read", "packages": "write"}
