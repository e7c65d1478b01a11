"""A remote command of the program, over the SSH client of this machine."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lab.world import OFFICE, World

SECONDS: Final = 600
DIALS: Final = 20
"""sshd refuses for a moment while it is loaded again."""


def run_command(world: World, folder: Path, command: Mapping[str, Any]) -> str:
    """What a `command:remote:Command` prints, from the office, with the host's key pinned.

    Raises RuntimeError with what it says where it fails.
    """
    to = command["connection"]
    known, identity = _files(folder, to)
    options = [
        *("BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "ConnectTimeout=5"),
        *(f"UserKnownHostsFile={known}", "GlobalKnownHostsFile=none"),
    ]
    ssh = ["ssh", "-F", "none", "-b", OFFICE, "-i", str(identity), "-p", str(int(to.get("port", 22)))]
    words = [*ssh, *(word for option in options for word in ("-o", option)), f"{to['user']}@{to['host']}"]
    for _ in range(DIALS):
        done: subprocess.CompletedProcess[str] = subprocess.run(
            world.within([*words, command["create"]]),
            input=command.get("stdin", ""),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        if done.returncode != 255:  # ssh's own
            break
        time.sleep(0.5)
    if done.returncode:
        raise RuntimeError(f"{to['host']}: {done.stdout[-1500:]}{done.stderr[-3000:]}")
    return done.stdout.removesuffix("\n")


def _files(folder: Path, to: Mapping[str, Any]) -> tuple[Path, Path]:
    """The pinned key and the login key as files, named after what they hold: several threads write the same."""
    texts = {"known": f"{to['host']} {to['hostKey'].strip()}\n", "identity": to["privateKey"]}
    files = []
    for name, text in texts.items():
        file = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        if not file.exists():
            file.touch(0o600)
            file.write_text(text)
        files.append(file)
    return files[0], files[1]
