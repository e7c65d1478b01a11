"""The operator in a drill: runs the commands of the runbook as they stand there, and keeps what they said."""

from __future__ import annotations

import shlex
import subprocess
import sys
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
    """A command, when it began and ended (seconds since 1970), its exit code and what it printed."""

    command: str
    begun: float
    ended: float
    code: int
    said: str


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
        done = subprocess.run(
            self.arguments(command, without), capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        ran = Ran(command, begun, time.time(), done.returncode, (done.stdout + done.stderr).strip())
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
