"""Programs that run as long as this one does: when one ends, all end, and systemd starts all again."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

LOGS = Path("/var/log/openova-lab")
START_SECONDS = 150

LOOK_SECONDS: Final = 2.0
_running: dict[str, subprocess.Popen[bytes]] = {}


@atexit.register
def _end_all() -> None:
    """Pods live on: their shims are no children of this program."""
    for process in _running.values():
        process.terminate()
    for process in _running.values():
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def start(name: str, command: Sequence[object], environment: dict[str, str] | None = None) -> None:
    """Runs a program in the background, with a log of its own."""
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (LOGS / f"{name}.log").open("ab") as log:
        _running[name] = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ours keeps keys from others; folders of images are for everybody.
            umask=0o022,
            env={**_inherited(), **(environment or {})},
        )


def _inherited() -> dict[str, str]:
    """Without the way to systemd: etcd and containerd would tell it that all is up."""
    return {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}


def wait_for(what: str, ready: Callable[[], bool]) -> None:
    """Until it is ready. Ends this program where it takes longer than START_SECONDS, or where another one ended."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        end_with_the_first_that_ended()
        if time.monotonic() > deadline:
            sys.exit(f"{what} is not ready after {START_SECONDS} s; {LOGS} tells more")
        time.sleep(0.3)


def end_with_the_first_that_ended() -> None:
    """Ends this program where one of those that it started has ended."""
    for name, process in _running.items():
        if process.poll() is not None:
            log = (LOGS / f"{name}.log").read_text(errors="replace").splitlines()[-8:]
            sys.exit(f"{name} ended with {process.returncode}:\n" + "\n".join(log))


def stay(every: Callable[[], None], seconds: float = 10) -> None:
    """Tells systemd that all is up, looks after what it started, and does `every` after so many seconds."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + address[1:] if address[0] == "@" else address)
    due = time.monotonic()
    while True:
        end_with_the_first_that_ended()
        if time.monotonic() >= due:
            every()
            due = time.monotonic() + seconds
        time.sleep(LOOK_SECONDS)


def succeeds(*command: object) -> bool:
    """Whether the command ends well, within ten seconds."""
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, capture_output=True, timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def said(*command: object, text: str = "") -> str:
    """What the command prints. Ends this program with what it says where it fails."""
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout
