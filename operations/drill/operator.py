"""The operator in a drill: runs the commands of the runbook as they stand there, and keeps what they said."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

COMMAND_SECONDS: Final = 900
ASKS: Final = frozenset({"switchover", "failover", "rejoin"})
"""Commands that ask before they do something; a drill has agreed beforehand."""

RECORD: Final = frozenset({"status", "switchover", "failover"})
"""Commands that read the record."""


@dataclass(frozen=True)
class Ran:
    """A command, when it began and ended (seconds since 1970), its exit code, its lines and when each was heard."""

    command: str
    begun: float
    ended: float
    code: int
    lines: Sequence[tuple[float, str]]

    @property
    def said(self) -> str:
        """All that it printed."""
        return "\n".join(text for _, text in self.lines).strip()

    def heard(self, start: str) -> float | None:
        """When it printed the first line that begins so."""
        return next((at for at, text in self.lines if text.startswith(start)), None)


@dataclass
class Operator:
    """`kubeconfigs` are texts such as `eu=FILE`; `store` a file with the outputs of `shared`, where there is a guard.

    Without `pulumi` the commands leave the program to whoever carries it out.
    """

    root: Path
    kubeconfigs: Sequence[str]
    store: Path | None
    pulumi: bool
    say: Callable[[str], None]
    ran: list[Ran] = field(default_factory=list)

    def run(self, command: str, without: str = "") -> Ran:
        """Runs `openova ...`; the kubeconfig of the region `without` is left out where files are named."""
        begun = time.time()
        self.say(f"$ {command}")
        process = subprocess.Popen(
            self.arguments(command, without), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        end = threading.Timer(COMMAND_SECONDS, process.kill)
        end.start()
        try:
            lines = [(time.time(), line.rstrip("\n")) for line in process.stdout or ()]
            code = process.wait()
        finally:
            end.cancel()
            process.kill()  # only where we were interrupted: it has ended otherwise
        ran = Ran(command, begun, time.time(), code, lines)
        self.ran.append(ran)
        self.say(f"  exit {ran.code} after {ran.ended - ran.begun:.1f} s")
        return ran

    def arguments(self, command: str, without: str = "") -> list[str]:
        """The command with what it needs to find its clusters."""
        _, name, *rest = shlex.split(command)
        options = [f"--root={self.root}"]
        options += [f"--kubeconfig={each}" for each in self.kubeconfigs if each.partition("=")[0] != without]
        if name in RECORD and self.store is not None:
            options.append(f"--store={self.store}")
        if name in ASKS:
            options.append("--yes")
        if name in ASKS and not self.pulumi:
            options.append("--no-pulumi")
        return [sys.executable, "-m", "operations", name, *rest, *options]
