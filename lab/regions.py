"""Two regions on this machine: hosts that boot, the road between them, and the program carried out on them."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lab import debian
from lab.airgap import archive
from lab.disk import KeyPair, key_pair
from lab.host import Host
from lab.kubernetes import Cluster
from lab.mirror import Release, certify, start_mirror
from lab.postgres_root import postgres_root
from lab.project import node_names, write_project
from lab.pulled import pulled
from lab.release import publish_release
from lab.road import Road, Traffic
from lab.store import Store
from lab.tools import cache, is_built
from lab.world import OFFICE, REGIONS, Region, World, kept_world, tied_world

TAG: Final = "openova-lab"
WATCHERS: Final = Path("/proc/sys/fs/inotify/max_user_instances")
WATCHED: Final = 100
"""Watchers of files in a lab that is up, counted (Linux allows 128 to a user, unless it is told otherwise)."""

Say = Callable[[str], None]


class Lab:
    """A lab as far as it is there; without arguments the one of this machine.

    Everything that it keeps lies in `folder`; `tag` begins the names of its control groups. One that is `tied` ends
    with this process.
    """

    def __init__(self, folder: Path | None = None, tag: str = TAG, *, tied: bool = False) -> None:
        self.folder, self._tag, self._tied = folder or _state(), tag, tied
        self.project = self.folder / "project"
        self.hosts: dict[str, Host] = {}
        self.world: World | None = None
        self._reattach()

    # What is there

    def _reattach(self) -> None:
        file = self.folder / "running.json"
        if not file.exists():
            return
        kept = json.loads(file.read_text())
        world = World(kept["world"], self._tag)
        if not world.alive():
            return
        self.world = world
        if self._pulled.exists():
            self._pulled.touch()  # what no lab has asked for in a day is removed
        for node, (code, number) in kept["hosts"].items():
            self.hosts[node] = self._host(world, _region(code), number, found=True)

    def _keep(self) -> None:
        assert self.world is not None
        hosts = {node: (host.region.code, host.number) for node, host in self.hosts.items()}
        (self.folder / "running.json").write_text(json.dumps({"world": self.world.pid, "hosts": hosts}))

    @property
    def _pulled(self) -> Path:
        """The store of images that the hosts were made with: another one may be the present one by now."""
        return (self.folder / "pulled").resolve()

    @property
    def road(self) -> Road:
        """The roads between the regions. Raises RuntimeError where there is no lab."""
        return Road(self.running, self.folder / "road.json")

    @property
    def store(self) -> Store:
        """The store of the record. Raises RuntimeError where there is no lab."""
        return Store(self.running, self.folder / "store")

    @property
    def running(self) -> World:
        """The world. Raises RuntimeError where there is no lab."""
        if self.world is None:
            raise RuntimeError("There is no lab on this machine. 'openova lab up' makes it.")
        return self.world

    def cluster(self, code: str, kubeconfig: str = "") -> Cluster:
        """A region's Kubernetes, with a kubeconfig to keep for it or the one that was kept.

        Raises RuntimeError where there is no lab.
        """
        return Cluster(self.running, self.folder, f"{code}-cluster-kubernetes", kubeconfig)

    def of(self, code: str) -> list[Host]:
        """A region's hosts, the server first."""
        return [host for host in self.hosts.values() if host.region.code == code]

    # Up and down

    def begin(self, root: Path, say: Say, traffic: Traffic, guard: str | None = None) -> None:
        """Makes or finds the hosts, boots those that are down, and writes the configuration about them.

        `guard` is `off`, or what guards do without the record (`fence`, `continue`); None leaves it as it was.

        Raises RuntimeError where something is missing, or does not start.
        """
        if absent := missing():
            raise RuntimeError(f"The lab {absent}.")
        if self.world is not None and not self.hosts:
            self.down()  # one whose making was broken off before its hosts were known
        if self.world is None:
            _check_watches()
            self._make(root, say)
        hosts = [host for host in self.hosts.values() if not host.leader]
        with ThreadPoolExecutor(len(hosts) or 1) as pool:
            list(pool.map(_boot, hosts))
        self._keep()
        if hosts:
            say(f"{len(hosts)} hosts are up")
        self.road.open(traffic)
        release = Release(**json.loads(self._release.read_text()))
        write_project(root, self.project, self.hosts, release, guard, self.store.start if guard != "off" else None)

    def _make(self, root: Path, say: Say) -> None:
        nodes = node_names(root)
        self._clear()
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o700)
        (self.folder / "mirror").mkdir()
        certify(self.folder / "mirror", OFFICE)
        (self.folder / "pulled").symlink_to(pulled())
        say(f"images: {archive()}, {self._pulled}")
        self._release.write_text(json.dumps(vars(publish_release(self.folder / "mirror"))))
        self._lay_out_manifests()
        login = key_pair()
        for name, text in (("login", login.private), ("login.pub", login.public)):
            (self.folder / name).touch(0o600)
            (self.folder / name).write_text(text)
        self.world = (tied_world if self._tied else kept_world)(self._tag)
        self._keep()
        start_mirror(self.world, self.folder / "mirror")
        for region in REGIONS:
            for number, node in enumerate(nodes[region.code], 1):
                self.hosts[node] = self._host(self.world, region, number)

    def _lay_out_manifests(self) -> None:
        shutil.copytree(cache() / "manifests", self.folder / "manifests")
        for file in (Path(__file__).parent / "k3s" / "manifests").glob("*.yaml"):
            shutil.copy(file, self.folder / "manifests")

    def _host(self, world: World, region: Region, number: int, found: bool = False) -> Host:
        data = self.folder / "data" / f"{region.code}-{number}"
        data.mkdir(parents=True, exist_ok=True)
        binds = (
            f"--bind-ro={cache() / 'bin'}:/usr/local/lib/openova-lab/bin",
            f"--bind-ro={self.folder / 'manifests'}:/usr/local/lib/openova-lab/manifests",
            f"--bind-ro={self._pulled}:/usr/local/lib/openova-lab/pulled",
            # On this machine's disk: containerd's layers cannot lie on the host's own overlay.
            f"--bind={data}:/var/lib/rancher",
            "--bind=/dev/kmsg",
            "--capability=CAP_SYSLOG",
            "--system-call-filter=@keyring bpf",
        )
        trust = (self.folder / "mirror.crt").read_text()
        login = KeyPair((self.folder / "login").read_text(), (self.folder / "login.pub").read_text())
        return Host(world, region, number, self.folder, login, trust, binds, found)

    def down(self) -> None:
        """Ends everything and removes what the lab kept. Raises OSError where something of it stays in use."""
        if self.world is not None:
            self.world.end()
        self.world, self.hosts = None, {}
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            time.sleep(1)  # the last processes may still write
            shutil.rmtree(self.folder)

    @property
    def _release(self) -> Path:
        return self.folder / "release.json"


@contextmanager
def lab_of_its_own(name: str) -> Iterator[Lab]:
    """A lab in a temporary folder, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix=f"openova-{name}-") as folder:
        lab = Lab(Path(folder) / "lab", f"openova-{name}-{os.getpid()}", tied=True)
        try:
            yield lab
        finally:
            lab.down()


def missing() -> str:
    """What stands between this machine and the lab, in one line; empty if nothing does."""
    if sys.platform != "linux":
        return "needs Linux"
    if absent := debian.missing():
        return absent
    if shutil.which("wg") is None:
        return "needs wireguard-tools (apt-get install wireguard-tools)"
    if not is_built():
        return f"needs its programs in {cache()} (python -m lab build, with Go)"
    if not postgres_root().exists():
        return f"needs PostgreSQL in {postgres_root()} (python -m lab build)"
    return ""


def _check_watches() -> None:
    """Kubelets and systemd watch files, and the kernel counts who does for the machine as a whole. RuntimeError."""
    most, used = int(WATCHERS.read_text()), 0
    for file in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            used += file.readlink().name == "anon_inode:inotify"
        except OSError:
            continue  # a process that has ended since
    if most - used < WATCHED:
        raise RuntimeError(
            f"A lab needs {WATCHED} watchers of files; of the {most} that Linux lets root have here {used} are taken. "
            "Its hosts would fail half way. End the other lab (openova lab down), or raise the limit: "
            "sysctl -w fs.inotify.max_user_instances=512"
        )


def _boot(host: Host) -> None:
    host.start()
    host.wait()


def _region(code: str) -> Region:
    return next(region for region in REGIONS if region.code == code)


def _state() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "openova" / "lab"
