"""The drill's application without a registry: its locked packages in a folder, over the Debian of the guard's image."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

from lab.python_image import ROOT, install, requirements
from lab.tools import base

CONTAINERFILE: Final = ROOT / "operations" / "drill" / "ledger" / "Containerfile"
GROUP: Final = "ledger"


def ledger_packages() -> Path:
    """The folder, whether it is there or not."""
    locked = hashlib.sha256("\n".join(requirements(GROUP)).encode()).hexdigest()
    return base() / f"ledger-{locked[:12]}"


def build() -> None:
    """Makes the folder with pip, if it is not there. Raises CalledProcessError where pip fails."""
    target = ledger_packages()
    if target.exists():
        return
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    install(requirements(GROUP), part)
    part.rename(target)


def packages() -> dict[str, Path]:
    """Its files by their path in the image."""
    root = ledger_packages()
    return {f"/packages/{file.relative_to(root)}": file for file in sorted(root.rglob("*")) if file.is_file()}
