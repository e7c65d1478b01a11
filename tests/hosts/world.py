"""A network of its own for booted hosts: two regions, an office that may administer them, and a stranger.

All of it lives in namespaces of one process, which ends when its standard input does: whatever becomes of the
tests, no process, mount or interface of this stays behind. The addresses are from the ranges for documentation
(RFC 5737).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OFFICE: Final = "192.0.2.10"
STRANGER: Final = "192.0.2.200"
ADMIN_CIDR: Final = "192.0.2.0/25"
FOLDER: Final = Path("/run/hosts")

_CGROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Region:
    """A network of hosts, and how one logs in there. `mtu` is that of its path to the others, in bytes."""

    code: str
    name: str
    network: str
    mesh: str
    user: str
    mtu: int

    def address(self, number: int) -> str:
        """The public address of the host of this number, 1 to 9."""
        return f"{self.network}.{10 + number}"

    def mesh_address(self, number: int) -> str:
        """The address in the mesh of the host of this number."""
        return f"{self.mesh}.{number}"


EUROPE: Final = Region("eu", "europe", "203.0.113", "10.99.1", "root", 1500)
INDIA: Final = Region("in", "india", "198.51.100", "10.99.2", "debian", 1460)
REGIONS: Final = (EUROPE, INDIA)

_START: Final = """
set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link set lo up
for address in $OFFICES; do ip address add "$address/32" dev lo; done
for region in $NETWORKS; do
  bridge=br-${region%=*} network=${region#*=}
  # Without an address of its own a bridge changes it as hosts come and go, and the others lose their gateway.
  number=$((${number:-0} + 1))
  ip link add "$bridge" address "02:00:00:00:00:0$number" type bridge
  ip link set "$bridge" up
  ip address add "$network.1/24" dev "$bridge"
  ip route replace "$network.0/24" dev "$bridge" src "${OFFICES%% *}"
done
echo ready
exec cat
"""


class World:
    """`pid` is the process whose namespaces are the world."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.folder = Path(f"/proc/{pid}/root{FOLDER}")

    def within(self, command: Sequence[str]) -> list[str]:
        """The command, as it runs in the world's network with everything else of this machine."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *command]

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command, as it runs in all namespaces of the world: its process ends with the world."""
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "--", *command]

    def run(self, command: Sequence[str]) -> str:
        """What the command prints inside. Raises CalledProcessError where it fails."""
        done = subprocess.run(self.inside(command), capture_output=True, text=True, check=True, timeout=30)
        return done.stdout


@contextmanager
def world() -> Iterator[World]:
    """Makes the network, and ends everything in it afterwards."""
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", _START]
    environment = {
        **os.environ,
        "OFFICES": f"{OFFICE} {STRANGER}",
        "NETWORKS": " ".join(f"{region.code}={region.network}" for region in REGIONS),
    }
    pipe = subprocess.PIPE
    with subprocess.Popen(unshare, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() != "ready\n":
                holder.stdin.close()
                raise RuntimeError(f"namespaces: {holder.stderr.read() if holder.stderr else ''}")
            (child,) = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
            yield World(int(child))
        finally:
            holder.stdin.close()
            try:
                holder.wait(15)
            except subprocess.TimeoutExpired:
                holder.kill()
            for name in list(_used):
                leave_cgroup(name)


_used: Final[set[str]] = set()


def cgroup(name: str) -> list[Path]:
    """Control groups for one host: two init systems in one group would take each other's processes for theirs."""
    roots = [_CGROUPS] if (_CGROUPS / "cgroup.procs").exists() else [_CGROUPS / "systemd", _CGROUPS / "unified"]
    folders = [root / f"openova-{os.getpid()}-{name}" for root in roots if (root / "cgroup.procs").exists()]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    _used.add(name)
    return folders


def leave_cgroup(name: str) -> None:
    """Removes the control groups of a host that has ended; its last processes may take a moment."""
    deadline = time.monotonic() + 5
    for folder in cgroup(name):
        while folder.exists():
            try:
                for inner in sorted(folder.rglob("*/"), reverse=True):
                    inner.rmdir()
                folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
    _used.discard(name)
