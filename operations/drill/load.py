"""The ledger's pods in the regions: started, heard while they run, and asked for the whole of it at the end."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.app.environment import AUTHORITIES, AUTHORITIES_PATH, ENVIRONMENT
from operations.access import AnsweredError, Cluster, UnreachableError
from operations.drill.events import Events, parse
from operations.stopped import StoppedError

START_SECONDS: Final = 90.0
STOP_SECONDS: Final = 30.0
DEADLINE_SECONDS: Final = 3600
USER: Final = 10001
LABEL: Final = "app.kubernetes.io/name"
NAME: Final = "openova-drill"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Of one region: writes and reads a second, and how many connections write at a time."""

    writes: float = 100.0
    connections: int = 24
    reads: float = 10.0


@dataclass
class Source:
    """One region's pod. It writes to `hosts` alone where they are given. `events` grows while it runs."""

    cluster: Cluster
    namespace: str
    pod: str
    hosts: str = ""
    events: Events = field(default_factory=Events)
    _stream: subprocess.Popen[str] | None = None

    @property
    def code(self) -> str:
        """The region."""
        return self.cluster.code

    def start(self, image: str, run: str, rate: Rate) -> None:
        """The pod, and whoever listens to it. Raises StoppedError where it does not begin to write and read."""
        try:
            self._sweep()
            only = [f"--hosts={self.hosts}"] if self.hosts else []
            body = json.dumps(pod(self.namespace, self.pod, image, [*_arguments(self.code, run, rate), *only]))
            self.cluster.kubectl("apply", "--filename=-", stdin=body)
            where = (f"--namespace={self.namespace}", f"pod/{self.pod}")
            self.cluster.kubectl("wait", *where, "--for=condition=Ready", f"--timeout={START_SECONDS:.0f}s",
                                 seconds=START_SECONDS)  # fmt: skip
        except (UnreachableError, AnsweredError) as error:
            raise StoppedError(f"The drill's pod does not run in {self.code}: {error}. Nothing was broken.") from None
        self._stream = self.cluster.stream("logs", "--follow", *where)
        threading.Thread(target=self._listen, args=(self._stream,), daemon=True).start()

    def _sweep(self) -> None:
        """What a drill left that could not end it: it would go on writing beside this one."""
        left = (f"--selector={LABEL}={NAME}", f"--namespace={self.namespace}", "--grace-period=1", "--ignore-not-found")
        self.cluster.kubectl("delete", "pods", *left, seconds=START_SECONDS)

    def _listen(self, stream: subprocess.Popen[str]) -> None:
        for line in stream.stdout or ():
            self.events.add(parse(line, self.code))

    def stop(self) -> None:
        """Ends the writing, and takes the pod's own log for what was heard, where it can be had."""
        where = (f"--namespace={self.namespace}", self.pod)
        try:
            # The loop ends by itself and prints the rest, which is why the log is read before the pod goes.
            self.cluster.kubectl("exec", *where, "--", "python3", "-c", "import os; os.kill(1, 15)")
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline and self._runs():
                time.sleep(0.5)
            whole = self.cluster.kubectl("logs", *where, "--timestamps=false", seconds=STOP_SECONDS)
            self.events.replace(parse(line, self.code) for line in whole.splitlines())
            self.cluster.kubectl("delete", "pod", *where, "--wait=false", "--ignore-not-found")
        except (UnreachableError, AnsweredError):
            self.events.whole = False
        finally:
            if self._stream is not None:
                self._stream.kill()
                self._stream.wait()

    def _runs(self) -> bool:
        phase = self.cluster.kubectl(
            "get", "pod", self.pod, f"--namespace={self.namespace}", "--output=jsonpath={.status.phase}"
        )
        return phase == "Running"


def _arguments(code: str, run: str, rate: Rate) -> list[str]:
    numbers = [f"--rate={rate.writes:g}", f"--connections={rate.connections}", f"--reads={rate.reads:g}"]
    return ["load", f"--run={run}", f"--region={code}", *numbers]


def pod(namespace: str, name: str, image: str, arguments: Sequence[str]) -> dict[str, Any]:
    """A pod of the namespace of an application, with what every application finds there."""
    container = {
        "name": "ledger",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": [*arguments],
        "envFrom": [{"secretRef": {"name": ENVIRONMENT}}],
        "resources": {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"cpu": "1", "memory": "192Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "authorities", "mountPath": AUTHORITIES_PATH, "readOnly": True}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {LABEL: NAME}},
        "spec": {
            "restartPolicy": "Never",
            # Whatever becomes of the drill, it does not write for ever.
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 10,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [{"name": "authorities", "configMap": {"name": AUTHORITIES}}],
        },
    }


def stopped(sources: Iterable[Source]) -> None:
    """All of them, at one time."""
    threads = [threading.Thread(target=source.stop) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
