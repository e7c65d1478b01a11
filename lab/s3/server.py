"""The server as a process of its own, for as long as somebody wants it."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lab.s3.build import program

REGION: Final = "auto"
"""What R2 calls its only region."""

START_SECONDS: Final = 20


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """A server that will keep `buckets` below `folder`, and answers at `address` and `port` with one pair of keys.

    With `certificate` and `key` (files) it speaks TLS.
    """

    folder: Path
    address: str
    port: int
    buckets: tuple[str, ...]
    access_key_id: str = "lab"
    secret_access_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    certificate: Path | None = None
    key: Path | None = None

    @property
    def endpoint(self) -> str:
        """As clients take it."""
        return f"{'https' if self.certificate else 'http'}://{self.address}:{self.port}"

    def command(self) -> list[str]:
        """What starts it; its keys come by `environment`."""
        tls = ["--cert", str(self.certificate), "--key", str(self.key)] if self.certificate else []
        listen = ["--port", f"{self.address}:{self.port}", "--region", REGION, "--quiet", *tls]
        # Metadata in files: not every file system has extended attributes for users.
        return [str(program()), *listen, "posix", "--sidecar", str(self.folder / "meta"), str(self.folder / "data")]

    def environment(self) -> dict[str, str]:
        """Its keys, out of sight of other users."""
        return {"ROOT_ACCESS_KEY": self.access_key_id, "ROOT_SECRET_KEY": self.secret_access_key}

    def prepare(self) -> None:
        """Makes the folders; a folder is a bucket."""
        (self.folder / "meta").mkdir(parents=True, exist_ok=True)
        for bucket in self.buckets:
            (self.folder / "data" / bucket).mkdir(parents=True, exist_ok=True)

    def start(self, within: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Begins it, behind the command `within` (one that enters a namespace, say); it may not answer yet."""
        self.prepare()
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*within, *self.command()],
                env={**os.environ, **self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextmanager
def serve(folder: Path, buckets: tuple[str, ...] = ("authority",)) -> Iterator[tuple[S3Server, int]]:
    """A server on loopback that answers, and its process, until the block ends. RuntimeError if it does not start."""
    server = S3Server(folder=folder, address="127.0.0.1", port=free_port(), buckets=buckets)
    process = server.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(server):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the S3 server did not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)
        yield server, process.pid
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def free_port() -> int:
    """A port of loopback that nobody had a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(server: S3Server) -> bool:
    try:
        socket.create_connection((server.address, server.port), 1).close()
    except OSError:
        return False
    return True
