"""The system's SSH client with the pinned host keys and nothing else: no trust on first use, none of your files."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from operations.doctor.model import Target

SCRIPTS: Final = Path(__file__).parent / "scripts"
CONNECT: Final = 8
"""Seconds to connect, and for sshd to say that it is one."""


@dataclass(frozen=True)
class Heard:
    """What a run on a host gave: exit code (None where it was ended for its time), output, and standard error.

    `offset` is the host's clock minus ours in seconds, known to `uncertainty` either way; None where it was not
    told.
    """

    code: int | None
    output: str
    error: str
    offset: float | None = None
    uncertainty: float = 0.0

    @property
    def reason(self) -> str:
        """Why it failed, in one line."""
        if self.code is None:
            return "it did not end in time"
        lines = [line.strip() for line in self.error.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


class Ssh:
    """Logs in as Pulumi does: with the SSH agent or `identity`, and without your ssh_config."""

    def __init__(self, known_hosts: Path, identity: Path | None = None) -> None:
        self._known_hosts, self._identity = known_hosts, identity

    def run(self, target: Target, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Heard:
        """A script of this package, as root. It says `ready`, reads a line, and tells the time in its first."""
        text = (SCRIPTS / script).read_text(encoding="utf-8")
        words = " ".join(shlex.quote(word) for word in arguments)
        become_root = "" if target.user == "root" else "sudo -n "
        # $SSH_CLIENT is the login shell's: our address as the host sees it.
        remote = (
            f"{become_root}timeout --kill-after=5 {seconds:.0f} bash -c {shlex.quote(text)} {shlex.quote(script)} "
            f'"$SSH_CLIENT" {words}'
        )
        return _converse(["ssh", *self._options(target), target.address or "", remote], seconds + CONNECT + 5)

    def methods(self, target: Target, user: str) -> Heard:
        """What sshd answers to a user that shows nothing: its methods in brackets, on standard error."""
        options = ["-o", "PreferredAuthentications=none", "-o", "PubkeyAuthentication=no", "-l", user]
        command = ["ssh", *options, *self._options(target), target.address or "", "true"]
        return _converse(command, CONNECT + 5)

    def _options(self, target: Target) -> list[str]:
        settings = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self._known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": target.name,
            "HostKeyAlgorithms": "ssh-ed25519",
            "UpdateHostKeys": "no",
            "ConnectTimeout": str(CONNECT),
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "3",
            "ForwardAgent": "no",
            "LogLevel": "ERROR",
        }
        options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
        if self._identity is not None:
            options += ["-i", str(self._identity), "-o", "IdentitiesOnly=yes"]
        return ["-F", "/dev/null", "-T", "-p", str(target.port), "-l", target.user, *options]


@contextmanager
def pinned(targets: Sequence[Target], identity: Path | None = None) -> Iterator[Ssh]:
    """An SSH client that knows the pinned keys of these nodes."""
    with tempfile.TemporaryDirectory(prefix="openova-doctor-") as folder:
        known_hosts = Path(folder) / "known_hosts"
        lines = [f"{target.name} {target.host_key}\n" for target in targets if target.host_key]
        known_hosts.write_text("".join(lines), encoding="utf-8")
        yield Ssh(known_hosts, identity)


def _converse(command: Sequence[str], seconds: float) -> Heard:
    # Standard error goes to a file: a second pipe that nobody reads meanwhile could fill up and hold the host.
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace"
        ) as process,
    ):
        assert process.stdin and process.stdout  # noqa: S101 two pipes were asked for
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        offset, uncertainty = None, 0.0
        try:
            before = _up_to_ready(process.stdout)
            if before is None:
                asked = time.time()
                with suppress(BrokenPipeError):
                    process.stdin.write("\n")
                    process.stdin.close()
                clock = process.stdout.readline()
                answered = time.time()
                if clock.startswith("clock "):
                    offset = float(clock.split()[1]) - (asked + answered) / 2
                    uncertainty = (answered - asked) / 2
            output = (before or "") + process.stdout.read()
            process.wait()
        finally:
            timer.cancel()
        errors.seek(0)
        return Heard(None if late.is_set() else process.returncode, output, errors.read(), offset, uncertainty)


def _up_to_ready(lines: IO[str]) -> str | None:
    """None once the script says that it is ready; what came instead where it never does."""
    seen = ""
    while line := lines.readline():
        if line == "ready\n":
            return None
        seen += line
    return seen
