"""Both regions' databases as far as Kubernetes goes: an API server each, with CloudNativePG's webhooks.

No instance runs. What CloudNativePG and the garbage collector would do to a Cluster is done by a thread. What psql
would say in a pod is said by a program in kubectl's place, from the Cluster; everything else it hands to kubectl.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.api_server import ApiServer, RefusedError, api_server
from lab.cloudnative_pg import cloudnative_pg
from lab.tools import program
from tests.lab.test_turns import TOKEN
from tests.stacks.program import CLUSTERS, NAMESPACE

KIND: Final = "clusters.postgresql.cnpg.io"


@dataclass
class Databases:
    """The servers by region, and the folder with kubectl's stand-in and the regions' kubeconfigs."""

    servers: Mapping[str, ApiServer]
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the program and `openova` need to find them."""
        return {CLUSTERS: str(self.folder), "PATH": f"{self.folder}:{os.environ['PATH']}"}

    def cluster(self, code: str) -> dict[str, Any]:
        """The region's Cluster. Raises RefusedError where it does not answer, IndexError where there is none."""
        text = self.servers[code].kubectl(
            "get", KIND, f"--namespace={NAMESPACE}", "--output=json", "--request-timeout=5s"
        )
        found: dict[str, Any] = json.loads(text)["items"][0]
        return found

    @contextmanager
    def lost(self, code: str) -> Iterator[None]:
        """The region's API server hangs, and no database of it answers anywhere, while the block runs."""
        pids = [pid for pid in _processes("kube-apiserver") if str(self.servers[code].folder) in _command_line(pid)]
        assert len(pids) == 1, pids
        mark = self.folder / f"{code}.lost"
        mark.touch()
        os.kill(pids[0], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pids[0], signal.SIGCONT)
            mark.unlink()


@contextmanager
def databases(folder: Path, codes: tuple[str, ...]) -> Iterator[Databases]:
    """API servers for these regions, and a stand-in for what runs on their nodes, until the block ends."""
    folder.mkdir()
    ended = threading.Event()
    with ExitStack() as stack:
        servers = {}
        for code in codes:
            server = stack.enter_context(api_server())
            stack.enter_context(cloudnative_pg(server))
            server.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
            shutil.copy(server.kubeconfig, folder / f"{code}.kubeconfig")
            servers[code] = server
        _stand_in(folder)
        made = Databases(servers, folder)
        threads = [threading.Thread(target=_statuses, args=(made, code, ended), daemon=True) for code in codes]
        for thread in threads:
            thread.start()
        try:
            yield made
        finally:
            ended.set()
            for thread in threads:
                thread.join(30)


def _stand_in(folder: Path) -> None:
    """kubectl as `openova` finds it. `exec` is answered here."""
    file = folder / "kubectl"
    file.write_text(f"#!{sys.executable}\n" + (Path(__file__).parent / "kubectl_exec.py").read_text())
    file.chmod(0o755)
    (folder / "real-kubectl").symlink_to(program("kubectl"))


def _statuses(made: Databases, code: str, ended: threading.Event) -> None:
    """As CloudNativePG does: a leader; a token once a primary has become a replica, and none once it writes again."""
    wrote = None
    while not ended.wait(2):
        try:
            cluster = made.cluster(code)
            if "deletionTimestamp" in cluster["metadata"]:
                _collect(made, code, cluster["metadata"]["name"])
                continue
            replica, status = cluster["spec"]["replica"], cluster.get("status") or {}
            name = cluster["metadata"]["name"]
            writes = replica["primary"] == replica.get("self", name)
            wanted = {"currentPrimary": f"{name}-1", "readyInstances": cluster["spec"]["instances"]}
            if writes:
                wanted["demotionToken"] = None
            elif wrote == cluster["metadata"]["uid"]:
                wanted["demotionToken"] = TOKEN
            if any(status.get(key) != value for key, value in wanted.items()):
                patch = json.dumps({"status": wanted})
                made.servers[code].kubectl(
                    "patch", KIND, name, f"--namespace={NAMESPACE}", "--subresource=status", "--type=merge",
                    f"--patch={patch}", "--request-timeout=5s",
                )  # fmt: skip
            if writes:
                wrote = cluster["metadata"]["uid"]
        except (RefusedError, IndexError, KeyError):
            continue


def _collect(made: Databases, code: str, name: str) -> None:
    """As Kubernetes' garbage collector does, once nothing is left that belongs to a Cluster: lets it go."""
    made.servers[code].kubectl(
        "patch", KIND, name, f"--namespace={NAMESPACE}", "--type=merge", '--patch={"metadata": {"finalizers": null}}',
        "--request-timeout=5s",
    )  # fmt: skip


def _processes(name: str) -> list[int]:
    folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [int(folder.name) for folder in folders if name in _command_line(int(folder.name))]


def _command_line(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
