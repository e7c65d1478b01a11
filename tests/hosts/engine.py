"""The real Pulumi engine, run in the hosts' network on the tests' program, with state and home of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.hosts.lab import Lab
from tests.hosts.program import VARIABLE

COMMANDS: Final = ("pulumi", "pulumi-language-python", "pulumi-resource-command")
SECONDS: Final = 300
REPOSITORY: Final = Path(__file__).parents[2]


def missing() -> str:
    """What of the engine is not on PATH, in one line; empty where all is."""
    absent = [name for name in COMMANDS if shutil.which(name) is None]
    return f"needs {', '.join(absent)} on PATH (the Pulumi CLI and its command plugin)" if absent else ""


@dataclass(frozen=True)
class Outcome:
    """One run: what the engine did to each resource (by name; `same` too), what it said, how long it took."""

    code: int
    operations: Mapping[str, str]
    text: str
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """Resources by operation, without those left alone."""
        return dict(Counter(operation for operation in self.operations.values() if operation != "same"))


class Engine:
    """A stack of the program about this lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.folder = lab.folder / "program"
        for folder in (self.folder, lab.folder / "home", lab.folder / "state"):
            folder.mkdir(exist_ok=True)
        options = {"virtualenv": sys.prefix} if sys.prefix != sys.base_prefix else {}
        project = {"name": "hosts", "runtime": {"name": "python", "options": options}}
        (self.folder / "Pulumi.yaml").write_text(json.dumps(project))
        (self.folder / "__main__.py").write_text("from tests.hosts.program import main\n\nmain()\n")
        self._pulumi("stack", "init", "lab")

    def up(self) -> Outcome:
        """Brings the stack to the lab's plan."""
        return self._run("up", "--yes", "--skip-preview")

    def refresh(self) -> Outcome:
        """Compares the state with the world, as far as the provider can."""
        return self._run("refresh", "--yes", "--skip-preview")

    def unprotect(self) -> None:
        """Lets the next run delete what the program no longer has; it protects the rest again."""
        self._pulumi("state", "unprotect", "--all", "--yes")

    def kubeconfig(self, code: str) -> str:
        """What a region's cluster gave out."""
        return self._pulumi("stack", "output", "--show-secrets", f"{code}-kubeconfig").stdout

    def state(self) -> str:
        """The stack's state as the backend stores it."""
        (file,) = (self.lab.folder / "state/.pulumi/stacks/hosts").glob("lab.json")
        return file.read_text()

    def killed(self, *arguments: str, after: str) -> None:
        """Starts a run and kills engine and plugins as soon as it says a word, as a lost machine would.

        Raises AssertionError where it ended by itself.
        """
        self.lab.write_plan()
        with self._process(*arguments) as process:
            assert process.stdout is not None
            said = next((line for line in process.stdout if after in line), None)
            os.killpg(process.pid, signal.SIGKILL)
            assert said is not None

    def cancel(self) -> None:
        """Takes away the lock that a killed run left."""
        self._pulumi("cancel", "--yes")

    def _run(self, *arguments: str) -> Outcome:
        self.lab.write_plan()
        events = self.lab.folder / "events.json"
        events.unlink(missing_ok=True)
        begun = time.monotonic()
        done = self._pulumi(*arguments, "--event-log", str(events), check=False)
        seconds = time.monotonic() - begun
        return Outcome(done.returncode, _operations(events), done.stdout + done.stderr, seconds)

    def _pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        with self._process(*arguments) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        assert not check or process.returncode == 0, out + err
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def _process(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            VARIABLE: str(self.lab.folder / "plan.json"),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PULUMI_HOME": str(self.lab.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.lab.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of this test",
            "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        stack = [] if arguments[:2] == ("stack", "init") else ["--stack", "lab"]
        return subprocess.Popen(
            self.lab.world.within(["pulumi", *arguments, *stack, "--non-interactive", "--color=never"]),
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def _operations(events: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in events.read_text().splitlines() if events.exists() else ():
        event: dict[str, Any] = json.loads(line)
        if about := event.get("resourcePreEvent"):
            found[about["metadata"]["urn"].rpartition("::")[2]] = about["metadata"]["op"]
    return found
