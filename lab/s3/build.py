"""Builds the server from its Go module."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from lab.tools import PACKAGES, base

MODULE: Final = Path(__file__).parent
NAME: Final = "versitygw"
BUILD: Final = "python -m lab s3"


def program() -> Path:
    """The program of exactly the pinned release, whether it is there or not."""
    pinned = hashlib.sha256()
    for file in sorted(MODULE.glob("go.*")):
        pinned.update(file.read_bytes())
    return base() / "s3" / pinned.hexdigest()[:12] / NAME


def missing() -> str:
    """What stands between this machine and the server, in one line; empty if nothing does."""
    return "" if program().exists() else f"needs {NAME} in {program().parent} ({BUILD}, with Go)"


def build() -> None:
    """Builds it where it is not there: some four minutes on two cores.

    Raises RuntimeError without Go, CalledProcessError where the module cannot be had or built.
    """
    target = program()
    if target.exists():
        print(f"{target} is there already; remove it to build it again")
        return
    if shutil.which("go") is None:
        raise RuntimeError(f"Go builds the lab's S3 server, and is not here: apt-get install {PACKAGES['go']}")
    print(f"{NAME}, into {target.parent}", flush=True)
    part = target.parent.with_name(f"{target.parent.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""}
    command = ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", f"{part}/", "tool"]
    subprocess.run(command, cwd=MODULE, env=environment, check=True)
    part.rename(target.parent)
