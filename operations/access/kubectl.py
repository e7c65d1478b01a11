"""One region's Kubernetes API through kubectl. A server that hangs is given up: a plain client waits far longer."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SECONDS: Final = 8.0
"""How long a question may take: one round trip between regions is 0.15 s, a busy small server needs some."""

_GRACE: Final = 2.0
_NO_ANSWER: Final = re.compile(
    r"unable to connect to the server|connection refused|i/o timeout|deadline exceeded|no route to host|"
    r"tls handshake timeout|connection reset|network is unreachable|unexpected eof|was unable to return a response|"
    r"the server is currently unable|request did not complete within|client\.timeout|no such host",
    re.IGNORECASE,
)


NOT_AT_HAND: Final = "its kubeconfig is not at hand"
"""Why a cluster is silent that could not even be asked."""


class UnreachableError(Exception):
    """The region's API server did not answer in time, or not at all. It may be alive all the same."""


class AnsweredError(Exception):
    """The API server, or the program that was run in a pod, answered with this error."""


@dataclass(frozen=True)
class Cluster:
    """A region's cluster, by its code and a kubeconfig. `program` is kubectl's name or path."""

    code: str
    kubeconfig: Path
    program: str = "kubectl"

    def kubectl(self, *arguments: str, stdin: str = "", seconds: float = SECONDS) -> str:
        """What kubectl prints. Raises UnreachableError after `seconds`, and AnsweredError where it is refused."""
        command = [self.program, "--kubeconfig", str(self.kubeconfig), f"--request-timeout={seconds:g}s", *arguments]
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, text=True, timeout=seconds + _GRACE, check=False,
                env=_environment(),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UnreachableError(f"{self.code}: no answer within {seconds:g} s") from None
        if done.returncode:
            raise self._error(done.stderr.strip())
        return done.stdout

    def get(self, *arguments: str, seconds: float = SECONDS) -> dict[str, Any]:
        """What `kubectl get` gives, as JSON values. Raises as `kubectl` does."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "--output=json", seconds=seconds))
        return found

    def execute(
        self, namespace: str, pod: str, container: str, command: Sequence[str], *, stdin: str = "",
        seconds: float = SECONDS,
    ) -> str:  # fmt: skip
        """What a program in a pod prints. Raises as `kubectl` does."""
        where = ["exec", "--stdin", f"--namespace={namespace}", pod, f"--container={container}", "--"]
        return self.kubectl(*where, *command, stdin=stdin, seconds=seconds)

    def stream(self, *arguments: str) -> subprocess.Popen[str]:
        """kubectl as it runs, with its standard output to be read. Whoever starts it ends it."""
        command = [self.program, "--kubeconfig", str(self.kubeconfig), *arguments]
        null = subprocess.DEVNULL
        return subprocess.Popen(
            command, stdin=null, stdout=subprocess.PIPE, stderr=null, text=True, env=_environment(),
            start_new_session=True,
        )  # fmt: skip

    def _error(self, text: str) -> Exception:
        last = text.splitlines()[-1] if text else "kubectl said nothing"
        if _NO_ANSWER.search(text):
            return UnreachableError(f"{self.code}: {last}")
        return AnsweredError(f"{self.code}: {last}")


def kubectl_missing(program: str = "kubectl") -> str:
    """One line that says what to install where kubectl is not on PATH; empty where it is."""
    if shutil.which(program):
        return ""
    return f"{program} is not on PATH: https://kubernetes.io/docs/tasks/tools/"


def _environment() -> Mapping[str, str]:
    """Ours, without a proxy: API servers are dialled directly, as Pulumi dials them."""
    return {name: value for name, value in os.environ.items() if name.lower() not in ("http_proxy", "https_proxy")}
