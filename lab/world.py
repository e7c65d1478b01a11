"""A network of its own for booted hosts: two regions, an office that may administer them, and a stranger.

All of it lives in namespaces of one process, and no process, mount or interface stays behind when that one ends: with
its standard input, whatever becomes of the tests that made it, or by `end`, where it was kept.
The addresses are from the ranges for documentation (RFC 5737).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OFFICE: Final = "192.0.2.10"
STRANGER: Final = "192.0.2.200"
STORE: Final = "192.0.2.150"
"""Where the record of who may write is kept: in no region, and no place to administer anything from."""

EDGE: Final = "192.0.2.180"
"""From where the edge asks regions on 80 and 443, and nobody else may."""

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
exec $KEEPER
"""


class World:
    """`pid` is the process whose namespaces are the world; `tag` begins the names of its control groups.

    `holder` is the process by whose standard input the world lives, where it does.
    """

    def __init__(self, pid: int, tag: str = "", holder: subprocess.Popen[str] | None = None) -> None:
        self.pid, self.tag, self.holder = pid, tag or f"openova-{os.getpid()}", holder
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

    def alive(self) -> bool:
        """Whether its process is there, and not another one by the same number."""
        try:
            return Path(f"/proc/{self.pid}/comm").read_text() in ("sleep\n", "cat\n")
        except FileNotFoundError:
            return False

    def end(self) -> None:
        """Ends everything in it. Raises OSError where its control groups stay in use."""
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
        leave_cgroups(self.tag)


@contextmanager
def world() -> Iterator[World]:
    """Makes the network, and ends everything in it afterwards."""
    with _begin("cat", subprocess.PIPE) as holder:
        assert holder.stdin is not None
        try:
            yield (made := _made(holder, ""))
        finally:
            holder.stdin.close()
            try:
                holder.wait(15)
            except subprocess.TimeoutExpired:
                holder.kill()
        leave_cgroups(made.tag)


def kept_world(tag: str) -> World:
    """Makes a network that outlives this process, until `end`."""
    return _made(_begin("sleep infinity", subprocess.DEVNULL), tag)


def tied_world(tag: str) -> World:
    """Makes a network until `end`, or until this process is gone, however it went."""
    return _made(_begin("cat", subprocess.PIPE), tag)


def _begin(keeper: str, stdin: int) -> subprocess.Popen[str]:
    kept = keeper != "cat"
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", *([] if kept else ["--kill-child"])]
    environment = {
        **os.environ,
        "KEEPER": keeper,
        "OFFICES": f"{OFFICE} {STRANGER} {STORE} {EDGE}",
        "NETWORKS": " ".join(f"{region.code}={region.network}" for region in REGIONS),
    }
    return subprocess.Popen(
        [*unshare, "bash", "-c", _START],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=kept,
    )


def _made(holder: subprocess.Popen[str], tag: str) -> World:
    assert holder.stdout is not None
    if holder.stdout.readline() != "ready\n":
        if holder.stdin:
            holder.stdin.close()
        raise RuntimeError(f"namespaces: {holder.stderr.read() if holder.stderr else ''}")
    (child,) = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
    return World(int(child), tag, holder)


def cgroup(tag: str, name: str) -> list[Path]:
    """Control groups for one host: two init systems in one group would take each other's processes for theirs."""
    folders = [root / f"{tag}-{name}" for root in _roots()]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    return folders


def leave_cgroups(tag: str, name: str = "*") -> None:
    """Removes the control groups of a host that has ended, or of all; its last processes may take a moment.

    Raises OSError where they stay in use.
    """
    deadline = time.monotonic() + 10
    for folder in [folder for root in _roots() for folder in root.glob(f"{tag}-{name}")]:
        while folder.exists():
            try:
                for inner in sorted(folder.rglob("*/"), reverse=True):
                    inner.rmdir()
                folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def _roots() -> list[Path]:
    roots = [_CGROUPS] if (_CGROUPS / "cgroup.procs").exists() else [_CGROUPS / "systemd", _CGROUPS / "unified"]
    return [root for root in roots if (root / "cgroup.procs").exists()]
