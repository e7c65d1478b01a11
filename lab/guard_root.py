"""The guard's image without a registry: a Debian with Python and nftables, the locked packages, and our own modules as
the Containerfile names them."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final

from lab.debootstrap import debootstrap, remove_unused
from lab.tools import base

ROOT: Final = Path(__file__).parents[1]
CONTAINERFILE: Final = ROOT / "operations" / "guard" / "Containerfile"
SUITE: Final = "bookworm"
DEBIAN: Final = "python3,nftables,ca-certificates"
PYTHON: Final = "3.11"
"""Of that suite."""


def guard_root() -> Path:
    """The folder, whether it is there or not."""
    locked = hashlib.sha256("\n".join([DEBIAN, *requirements()]).encode()).hexdigest()
    return base() / f"guard-{SUITE}-{locked[:12]}"


def build() -> None:
    """Makes the folder with debootstrap and pip, if it is not there: about 150 MB and a minute.

    Raises RuntimeError without root or debootstrap, CalledProcessError where one of them fails.
    """
    debootstrap(guard_root(), "The guard's image", packages=DEBIAN, suite=SUITE, finish=_lay_out)


def _lay_out(root: Path) -> None:
    only = ["--no-deps", "--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *only, "--target", str(root / "packages"), *requirements()], check=True)
    remove_unused(root)


def modules() -> dict[str, Path]:
    """Our own files by their path in the image, as the Containerfile copies them."""
    found: dict[str, Path] = {}
    for line in CONTAINERFILE.read_text().splitlines():
        if not line.startswith("COPY ") or "--from" in line or "uv.lock" in line:
            continue
        *sources, target = line.split()[1:]
        for source in sources:
            here = ROOT / source
            for file in sorted(here.rglob("*.py")) if here.is_dir() else [here]:
                inside = file.relative_to(here) if here.is_dir() else Path(file.name)
                found[str(Path("/guard") / target / inside)] = file
    return found


def requirements() -> list[str]:
    """The packages of the image in the versions that are installed here, which are those of the lock file."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    found: dict[str, str] = {}
    waiting = [_name(requirement) for requirement in groups["guard"]]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = metadata.version(name)
            waiting += [_name(each) for each in metadata.requires(name) or [] if "extra ==" not in each]
    return sorted(f"{name}=={version}" for name, version in found.items())


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~; \[]", requirement, maxsplit=1)[0].strip().lower().replace("_", "-")
