"""What goes into an image of ours that runs Python: our own modules as its Containerfile names them, and the locked
packages of a dependency group. No registry and no container engine is asked."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
PYTHON: Final = "3.11"
"""Of the Debian suite below the lab's images."""


def folder(containerfile: Path) -> Path:
    """Where our own modules lie in the image: its last WORKDIR."""
    lines = [line for line in containerfile.read_text().splitlines() if line.startswith("WORKDIR ")]
    return Path(lines[-1].split()[1])


def modules(containerfile: Path) -> dict[str, Path]:
    """Our own files by their path in the image, as the Containerfile copies them."""
    found: dict[str, Path] = {}
    for line in containerfile.read_text().splitlines():
        if not line.startswith("COPY ") or "--from" in line or "uv.lock" in line:
            continue
        *sources, target = line.split()[1:]
        for source in sources:
            here = ROOT / source
            for file in sorted(here.rglob("*.py")) if here.is_dir() else [here]:
                inside = file.relative_to(here) if here.is_dir() else Path(file.name)
                found[str(folder(containerfile) / target / inside)] = file
    return found


def requirements(group: str) -> list[str]:
    """The group's packages in the versions that are installed here, which are those of the lock file."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    found: dict[str, str] = {}
    waiting = [Requirement(each) for each in groups[group]]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate({"python_version": PYTHON, "extra": ""})
        if name not in found and wanted:
            found[name] = metadata.version(name)
            waiting += map(Requirement, metadata.requires(name) or [])
    return sorted(f"{name}=={version}" for name, version in found.items())


def install(packages: list[str], target: Path) -> None:
    """Lays the packages out, for the image's Python. Raises CalledProcessError where pip fails."""
    only = ["--no-deps", "--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *only, "--target", str(target), *packages], check=True)
