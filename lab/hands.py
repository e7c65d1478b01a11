"""The lab breaks itself: what a drill asks for, done to its hosts, its roads and its disks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from lab.apply import apply
from lab.edge import LabEdge
from lab.host import Host
from lab.postgres import Database
from lab.project import clusters
from lab.regions import Lab
from lab.world import REGIONS
from operations.plan.worker import ProgramError
from operations.stopped import StoppedError

BLKIO: Final = Path("/sys/fs/cgroup/blkio")
SLOW: Final = "openova-drill"
"""How the control groups of slowed disks begin."""

OPERATIONS_A_SECOND: Final = 12
"""Of a disk that is slow: about what one that spins does while another reads it."""

Say = Callable[[str], None]


class LabHands:
    """`operations.drill.hands.Hands` in a lab that is up."""

    def __init__(self, lab: Lab, say: Say, edge: LabEdge | None = None) -> None:
        self._lab, self._say, self._edge = lab, say, edge

    def power_off(self, code: str) -> None:
        """All hosts at one time."""
        with ThreadPoolExecutor(9) as pool:
            list(pool.map(Host.cut_power, [host for host in self._lab.of(code) if host.leader]))

    def power_on(self, code: str) -> None:
        """They boot at one time, and are up when this ends."""
        hosts = [host for host in self._lab.of(code) if not host.leader]
        with ThreadPoolExecutor(9) as pool:
            list(pool.map(Host.start, hosts))
            list(pool.map(Host.wait, hosts))

    def cut_link(self, one: str, other: str) -> None:
        """Both ways."""
        road = self._lab.road
        road.set(road.traffic.cut(one, other))

    def isolate(self, code: str) -> None:
        """From the other regions, the store, the edge, and whoever asks its API."""
        road = self._lab.road
        now = replace(road.traffic, api=(code,), edge=(code,), store=(code,))
        for other in REGIONS:
            if other.code != code:
                now = now.cut(code, other.code)
        road.set(now)

    def hang_api(self, code: str) -> None:
        """From the office."""
        road = self._lab.road
        road.set(replace(road.traffic, api=(code,)))

    def cut_edge(self, code: str) -> None:
        """Ports 80 and 443."""
        road = self._lab.road
        road.set(replace(road.traffic, edge=(code,)))

    def slow_disk(self, code: str, node: str) -> None:
        """PostgreSQL's processes on the host may do few writes a second. Raises RuntimeError where Linux cannot."""
        host = self._lab.hosts[node]
        disk = self._lab.folder.stat().st_dev
        limit = f"{os.major(disk)}:{os.minor(disk)} {OPERATIONS_A_SECOND}"
        group = BLKIO / f"{SLOW}-{host.name}"
        if not BLKIO.is_dir():
            raise RuntimeError("This Linux has no blkio control group of the first kind: its disks cannot be slowed.")
        group.mkdir(exist_ok=True)
        (group / "blkio.throttle.write_iops_device").write_text(limit)
        for pid in _below(host.leader):
            if _name(pid) == "postgres":
                (group / "cgroup.procs").write_text(str(pid))

    def heal(self) -> None:
        """Roads and disks."""
        road = self._lab.road
        road.set(replace(road.traffic, cuts=(), api=(), edge=(), store=()))
        for group in BLKIO.glob(f"{SLOW}-*"):
            for pid in (group / "cgroup.procs").read_text().split():
                (BLKIO / "cgroup.procs").write_text(pid)
            time.sleep(0.1)
            group.rmdir()

    def bring_up(self) -> None:
        """Every region that has power, by the program."""
        up = [region.code for region in REGIONS if all(host.leader for host in self._lab.of(region.code))]
        try:
            apply(self._lab, lambda stack, what, seconds: None, ["shared", *up])
        except ProgramError as error:
            raise StoppedError(f"The program refuses what the settings say: {error}") from None
        for code, name in clusters(self._lab.project).items():
            if code in up:
                Database(self._lab.cluster(code), name).wait_healthy(self._say)
        if self._edge is not None:
            self._edge.up()


def _below(pid: int) -> Iterator[int]:
    """Every process below one of this machine."""
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield child
        yield from _below(child)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
