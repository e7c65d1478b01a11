"""Processes of the lab: they end with it, and what they said is kept until then."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

END_SECONDS: Final = 20
POLL_SECONDS: Final = 0.1


@contextmanager
def process(
    name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program in `folder`, its output in `<name>.log` there, until the block ends."""
    with (folder / f"{name}.log").open("wb") as log:
        running = subprocess.Popen(
            list(command), cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_until(ready: Callable[[], bool], running: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Waits until `ready`. Raises RuntimeError, with the end of the log, where the program ended or takes longer."""
    deadline = time.monotonic() + seconds
    while not ready():
        ended = running.poll()
        if ended is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            continue
        state = f"is not ready after {seconds:.0f} s" if ended is None else f"ended with {ended}"
        raise RuntimeError(f"{log.stem} {state}. The end of what it said:\n{tail(log)}")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses at this moment, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
