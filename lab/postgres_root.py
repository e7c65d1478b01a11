"""The root folder of the lab's PostgreSQL image: Debian's packages, laid out as CloudNativePG expects an image."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from lab.debootstrap import debootstrap, remove_unused
from lab.tools import base
from settings.versions import POSTGRES_DEFAULT

SUITE: Final = "forky"
"""The Debian release that has the pinned major version (trixie has 17)."""

SCRIPT: Final = "/usr/share/debootstrap/scripts/sid"
"""How debootstrap makes a release that it does not know by name yet."""

USER: Final = 26
"""The user and group of PostgreSQL in images of CloudNativePG (its documentation, container image requirements)."""

BINARIES: Final = f"/usr/lib/postgresql/{POSTGRES_DEFAULT}/bin"


def postgres_root() -> Path:
    """The folder, whether it is there or not."""
    return base() / f"postgresql-{POSTGRES_DEFAULT}-{SUITE}"


def build() -> None:
    """Makes the folder with debootstrap, if it is not there: about 250 MB and two minutes.

    Raises RuntimeError without root or debootstrap, CalledProcessError where it fails.
    """
    debootstrap(
        postgres_root(),
        "PostgreSQL's image",
        packages=f"postgresql-{POSTGRES_DEFAULT}",
        suite=SUITE,
        more=["", SCRIPT],
        finish=lay_out,
    )


def lay_out(root: Path) -> None:
    """The user's number, and nothing that only a host needs. Raises CalledProcessError."""
    remove_unused(root, "var/lib/postgresql")
    subprocess.run(["chroot", str(root), "usermod", "-u", str(USER), "-g", str(USER), "postgres"], check=True)
    home = root / "var/lib/postgresql"
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, USER, USER)
