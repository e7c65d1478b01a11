"""The guard's image without a registry: a Debian with Python and nftables, the locked packages, and our own modules as
the Containerfile names them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from lab.debootstrap import debootstrap, remove_unused
from lab.python_image import ROOT, install, requirements
from lab.tools import base

CONTAINERFILE: Final = ROOT / "operations" / "guard" / "Containerfile"
GROUP: Final = "guard"
SUITE: Final = "bookworm"
DEBIAN: Final = "python3,nftables,ca-certificates"


def guard_root() -> Path:
    """The folder, whether it is there or not."""
    locked = hashlib.sha256("\n".join([DEBIAN, *requirements(GROUP)]).encode()).hexdigest()
    return base() / f"guard-{SUITE}-{locked[:12]}"


def build() -> None:
    """Makes the folder with debootstrap and pip, if it is not there: about 150 MB and a minute.

    Raises RuntimeError without root or debootstrap, CalledProcessError where one of them fails.
    """
    debootstrap(guard_root(), "The guard's image", packages=DEBIAN, suite=SUITE, finish=_lay_out)


def _lay_out(root: Path) -> None:
    install(requirements(GROUP), root / "packages")
    remove_unused(root)
