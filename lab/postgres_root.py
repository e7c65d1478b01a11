"""The root folder of the lab's PostgreSQL image: Debian's packages, laid out as CloudNativePG expects an image."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from lab.tools import base
from settings.versions import POSTGRES_DEFAULT

SUITE: Final = "forky"
"""The Debian release that has the pinned major version (trixie has 17)."""

SCRIPT: Final = "/usr/share/debootstrap/scripts/sid"
"""How debootstrap makes a release that it does not know by name yet."""

USER: Final = 26
"""The user and group of PostgreSQL in images of CloudNativePG (its documentation, container image requirements)."""

BINARIES: Final = f"/usr/lib/postgresql/{POSTGRES_DEFAULT}/bin"
_UNUSED: Final = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists",
                  "var/lib/postgresql")  # fmt: skip


def postgres_root() -> Path:
    """The folder, whether it is there or not."""
    return base() / f"postgresql-{POSTGRES_DEFAULT}-{SUITE}"


def build() -> None:
    """Makes the folder with debootstrap, if it is not there: about 250 MB and two minutes.

    Raises RuntimeError without root or debootstrap, CalledProcessError where it fails.
    """
    root = postgres_root()
    if root.exists():
        print(f"{root} is there already; remove it to build it again")
        return
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise RuntimeError("PostgreSQL's image needs root and debootstrap (apt-get install debootstrap)")
    part = root.with_name(f"{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    print(f"debootstrap of PostgreSQL {POSTGRES_DEFAULT} into {root}", flush=True)
    packages = f"--include=postgresql-{POSTGRES_DEFAULT}"
    subprocess.run(["debootstrap", "--variant=minbase", packages, SUITE, str(part), "", SCRIPT], check=True)
    lay_out(part)
    part.rename(root)
    print(f"{root} is ready")


def lay_out(root: Path) -> None:
    """The user's number, and nothing that only a host needs. Raises CalledProcessError."""
    for folder in _UNUSED:
        shutil.rmtree(root / folder, ignore_errors=True)
    subprocess.run(["chroot", str(root), "usermod", "-u", str(USER), "-g", str(USER), "postgres"], check=True)
    home = root / "var/lib/postgresql"
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, USER, USER)
