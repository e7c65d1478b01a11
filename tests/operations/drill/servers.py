"""PostgreSQL servers on loopback, for whatever client a test has."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SETTINGS = "listen_addresses='127.0.0.1'\nunix_socket_directories=''\nfsync=off\nmax_connections=40\n"


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Server:
    """A server with a name of its own (`cluster_name`), its folder and its port."""

    name: str
    folder: Path
    port: int

    @property
    def host(self) -> str:
        """As a URL has it."""
        return f"127.0.0.1:{self.port}"

    def start(self, *, writes: bool = True) -> None:
        """Starts it. Without `writes` it refuses them, as a standby does."""
        more = (
            f"port={self.port}\ncluster_name='{self.name}'\ndefault_transaction_read_only={'off' if writes else 'on'}\n"
        )
        (self.folder / "data" / "postgresql.auto.conf").write_text(SETTINGS + more)
        _run(["pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "-t", "60", "start"])

    def stop(self) -> None:
        """Ends it without a word to its clients."""
        _run(["pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop"], check=False)


def made(folder: Path, name: str) -> Server:
    """A new server that is not started, in a folder that all may enter. Skips where there is no PostgreSQL here."""
    if absent := [program for program in ("initdb", "pg_ctl") if shutil.which(program) is None]:
        pytest.skip(f"needs {' and '.join(absent)} on PATH (apt-get install postgresql)")
    own = folder / name
    own.mkdir()
    if user := _user():
        os.chown(own, user.pw_uid, user.pw_gid)
    _run(["initdb", "-D", str(own / "data"), "-A", "trust", "-U", "app", "--no-sync", "-E", "UTF8"])
    return Server(name, own, free_port())


def _user() -> pwd.struct_passwd | None:
    """PostgreSQL does not run as root: somebody else then."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("postgres" if "postgres" in {each.pw_name for each in pwd.getpwall()} else "nobody")


def _run(command: list[str], *, check: bool = True) -> None:
    user = _user()
    options: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(
        command, check=False, cwd="/", timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip
    if check and done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr}")
