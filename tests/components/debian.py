"""A booted Debian for tests of scripts that run on nodes.

Needs root, systemd-nspawn and the Debian that `python -m lab debian` makes (lab/debian.py).
It boots there with a network of its own and an overlay in memory: neither this machine nor that folder changes.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from components.node import command, standard_input
from lab.debian import debian_root, missing

COMPONENTS: Final = Path(__file__).parents[2] / "components"
STANDINS: Final = Path(__file__).parent / "standins"
ROOT: Final = debian_root()
BOOT_SECONDS: Final = 60

on_debian = pytest.mark.skipif(
    bool(missing()),
    reason=missing(),
)


class Debian:
    """`run` does what Pulumi does over SSH, with the host's namespaces entered instead of dialled."""

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def sh(self, text: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The text, run by root's login shell on the host, in root's home."""
        return subprocess.run(
            ["nsenter", f"--target={self._leader}", "--all", "sh", "-c", f"cd /root\n{text}"],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def run(self, script: str, variables: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One of our scripts, by its path below `components`."""
        return self.sh(command(COMPONENTS / script, variables, 800), standard_input(COMPONENTS / script, stdin))

    def put(self, path: str, text: str, mode: str = "644") -> None:
        """Writes a file. Raises AssertionError where that fails."""
        done = self.sh(f"mkdir -p {Path(path).parent} && cat > {path} && chmod {mode} {path}", text)
        assert done.returncode == 0, done.stderr


@contextmanager
def booted() -> Iterator[Debian]:
    """Boots the folder and ends it afterwards. Raises TimeoutError where it does not come up."""
    boot = ["systemd-nspawn", "--quiet", f"--directory={ROOT}", "--volatile=overlay", "--private-network"]
    boot += ["--register=no", "--keep-unit", "--bind=/dev/net/tun", "--console=pipe", "--boot"]
    with subprocess.Popen(boot, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as nspawn:
        try:
            yield _wait(nspawn.pid)
        finally:
            nspawn.terminate()
            nspawn.wait(BOOT_SECONDS)


def _wait(nspawn: int) -> Debian:
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
            host = Debian(int(child))
            if host.sh("systemctl is-system-running").stdout.strip() in {"running", "degraded"}:
                host.put("/usr/local/sbin/sysctl", (STANDINS / "sysctl").read_text(), "755")
                return host
        time.sleep(0.5)
    raise TimeoutError(f"Debian in {ROOT} did not boot in {BOOT_SECONDS} s")


def changed(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What a script says it changed. Raises AssertionError where it failed."""
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.removeprefix("changed ") for line in done.stdout.splitlines() if line.startswith("changed ")]
