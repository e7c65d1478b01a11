"""Folders that Debian's packages are laid out in, made once: each appears only when all is done."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

UNUSED: Final = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists")
"""What an image has no use for."""


def debootstrap(
    root: Path,
    what: str,
    *,
    packages: str,
    suite: str,
    more: Sequence[str] = (),
    finish: Callable[[Path], None] = lambda part: None,
) -> None:
    """Makes `root` where it is not there. `packages` are parted by commas, `more` follows the folder on debootstrap's
    command line, `finish` does the rest before the folder is in its place.

    Raises RuntimeError without root or debootstrap, CalledProcessError where debootstrap or `finish` fails.
    """
    if root.exists():
        print(f"{root} is there already; remove it to build it again")
        return
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise RuntimeError(f"{what} needs root and debootstrap (apt-get install debootstrap)")
    part = root.with_name(f"{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    print(f"debootstrap of {what} into {root}", flush=True)
    command = ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(part), *more]
    subprocess.run(command, check=True)
    finish(part)
    part.rename(root)
    print(f"{root} is ready")


def remove_unused(root: Path, *more: str) -> None:
    """Takes out what an image has no use for."""
    for folder in (*UNUSED, *more):
        shutil.rmtree(root / folder, ignore_errors=True)
