"""The Pulumi CLI as the Automation API runs it, so that it can be interrupted in order."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping

from pulumi.automation import CommandResult, OnOutput, PulumiCommand
from pulumi.automation.errors import create_command_error


class Interruptible(PulumiCommand):
    """Runs every CLI in a session of its own: a Ctrl-C in the terminal reaches it once, by `interrupt`, or not at all.

    The engine takes a first SIGINT as a wish to come to an end: it lets running operations finish, writes the state and
    gives the lock back. A second one ends it at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[subprocess.Popen[str], list[str]] = {}
        self._lock = threading.Lock()

    def interrupt(self, stack: str | None = None) -> int:
        """Send SIGINT to every CLI that runs, or to those of one stack, and tell how many they are."""
        with self._lock:
            reached = [process for process, args in self._running.items() if stack is None or stack in args]
            for process in reached:
                process.send_signal(signal.SIGINT)
            return len(reached)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """As in the SDK. Raises CommandError where the CLI fails."""
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        with subprocess.Popen(
            [self.command, "--non-interactive", *args],
            cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", start_new_session=True,
        ) as process:  # fmt: skip
            with self._lock:
                self._running[process] = args
            try:
                out, error = _read(process, on_output, on_error)
            finally:
                with self._lock:
                    del self._running[process]
        result = CommandResult(out, error, process.returncode)
        if process.returncode:
            raise create_command_error(result)
        return result


def _read(process: subprocess.Popen[str], on_output: OnOutput | None, on_error: OnOutput | None) -> tuple[str, str]:
    """Both streams to their ends, line by line as they come."""
    error_lines: list[str] = []
    reader = threading.Thread(target=_drain, args=(process.stderr or (), on_error, error_lines))
    reader.start()
    lines: list[str] = []
    _drain(process.stdout or (), on_output, lines)
    reader.join()
    process.wait()
    return "\n".join(lines), "\n".join(error_lines)


def _drain(stream: Iterable[str], tell: OnOutput | None, lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip())
        if tell is not None:
            tell(lines[-1])
