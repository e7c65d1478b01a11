"""An image of ours as a folder: our modules as its Containerfile copies them, and its packages as they are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from lab.python_image import folder, modules, requirements


def laid_out(containerfile: Path, group: str, target: Path) -> Path:
    """The folder `target`: our modules where the image has them, packages in `packages`."""
    for inside, here in modules(containerfile).items():
        (target / inside[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here, target / inside[1:])
    for name in (requirement.partition("==")[0] for requirement in requirements(group)):
        for file in map(str, metadata.files(name) or []):
            if not file.startswith(("..", "__pycache__")):
                link = target / "packages" / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(Path(str(metadata.distribution(name).locate_file(file))))
    return target


def run(image: Path, containerfile: Path, module: str) -> subprocess.CompletedProcess[str]:
    """The module with what the image holds, and nothing else."""
    own = image / folder(containerfile).relative_to("/")
    return subprocess.run(
        [sys.executable, "-S", "-m", module],
        cwd=image,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{own}:{image / 'packages'}"},
        capture_output=True,
        text=True,
        check=False,
    )
