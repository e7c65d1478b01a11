"""Booted hosts of two regions, with what they are told."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from lab.disk import key_pair
from lab.host import Host
from lab.mirror import Release, certify, mirror
from lab.world import ADMIN_CIDR, OFFICE, REGIONS, Region, World, world
from tests.hosts.release import publish

TAG: Final = "v1.34.2+k3s1"
SERVERS: Final = (1, 2, 3)


class Lab:
    """Hosts in both regions, and further ones on demand. `plan` is what the program is told about them."""

    def __init__(self, world: World, folder: Path, numbers: Sequence[int]) -> None:
        self.world, self.folder = world, folder
        self.login = key_pair()
        (folder / "login").write_text(self.login.private)
        (folder / "login").chmod(0o600)
        self.trust = certify(folder / "mirror", OFFICE)
        self.release = publish(folder / "mirror", TAG)
        self.mirror = ""
        self.hosts = {host.name: host for region in REGIONS for host in map(self._make(region), numbers)}
        self.plan: dict[str, Any] = {}

    def _make(self, region: Region) -> Callable[[int], Host]:
        return lambda number: Host(self.world, region, number, self.folder, self.login, self.trust)

    def of(self, region: Region) -> list[Host]:
        """The hosts of a region, the first one first."""
        return [host for host in self.hosts.values() if host.region is region]

    def boot(self) -> float:
        """Starts all hosts at once; the seconds until all are up."""
        begun = time.monotonic()
        for host in self.hosts.values():
            host.start()
        for host in self.hosts.values():
            host.wait()
        return time.monotonic() - begun

    @contextmanager
    def another(self, region: Region, number: int) -> Iterator[Host]:
        """A fresh host beside the others, which nobody knows; it is gone afterwards."""
        host = self._make(region)(number)
        host.start()
        try:
            host.wait()
            yield host
        finally:
            host.discard()

    def make_plan(self) -> None:
        """Fresh keys and tokens for all hosts; every region is up and knows every endpoint."""
        self.plan = {
            "login": self.login.private,
            "admin_cidrs": [ADMIN_CIDR],
            "revision": 1,
            "release": vars_of(self.release),
            "mirror": self.mirror,
            "disable": ["traefik"],
            "dials": 3,
            "up": [region.code for region in REGIONS],
            "regions": [self._region(region) for region in REGIONS],
        }

    def _region(self, region: Region) -> dict[str, Any]:
        return {
            "code": region.code,
            "name": region.name,
            "mesh": f"{region.mesh}.0/24",
            "knows": [other.code for other in REGIONS],
            "server_token": secrets.token_hex(16),
            "agent_token": secrets.token_hex(16),
            "hosts": [told(host) for host in self.of(region)],
        }

    def write_plan(self) -> Path:
        """The plan as a file."""
        file = self.folder / "plan.json"
        file.write_text(json.dumps(self.plan))
        file.chmod(0o600)
        return file

    def region(self, region: Region) -> dict[str, Any]:
        """The plan of one region, to be changed in place."""
        found: dict[str, Any] = next(item for item in self.plan["regions"] if item["code"] == region.code)
        return found


def told(host: Host) -> dict[str, Any]:
    """What the program is told about a host, with a fresh key for the mesh."""
    return {
        "name": host.name,
        "address": host.address,
        "mesh_address": host.mesh_address,
        "mesh_key": mesh_key(),
        "host_key": host.host_key.public,
        "user": host.region.user,
    }


def mesh_key() -> str:
    """A private key for the mesh."""
    return base64.b64encode(os.urandom(32)).decode()


def vars_of(release: Release) -> dict[str, str]:
    """The release, as the plan has it."""
    return dict(vars(release))


@contextmanager
def lab(numbers: Sequence[int] = SERVERS) -> Iterator[Lab]:
    """Makes network, hosts of these numbers in each region (not booted) and mirror, and ends them all afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="openova-hosts-")))
        (folder / "mirror").mkdir()
        made = Lab(stack.enter_context(world()), folder, numbers)
        made.mirror = stack.enter_context(mirror(made.world, folder / "mirror"))
        made.make_plan()
        yield made
