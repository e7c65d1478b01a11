"""Serves a folder over HTTPS: `python -m lab.mirror FOLDER ADDRESS`, with FOLDER.crt and FOLDER.key.

It stands for the place that K3s is downloaded from.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.certificates import self_signed
from lab.world import OFFICE, World

IMAGES: Final = "k3s-airgap-images-amd64.tar.zst"


@dataclass(frozen=True)
class Release:
    """A release by its tag, and the sums of its files."""

    tag: str
    binary_sha256: str
    installer_sha256: str
    images_sha256: str


def publish(folder: Path, tag: str, k3s: bytes, installer: bytes, images: bytes | Path) -> Release:
    """Puts a release into the folder, as the program's scripts fetch it; images that are a file are linked."""
    release = folder / tag
    release.mkdir(parents=True, exist_ok=True)
    for asset, content in {"k3s": k3s, "install.sh": installer, IMAGES: images}.items():
        file = release / asset
        file.unlink(missing_ok=True)
        if isinstance(content, Path):
            file.symlink_to(content)
        else:
            file.write_bytes(content)
    return Release(tag, *(_sha256(release / asset) for asset in ("k3s", "install.sh", IMAGES)))


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def certify(folder: Path, address: str) -> str:
    """Makes FOLDER.crt and FOLDER.key for the address; the certificate, which is its own authority."""
    return self_signed(folder.with_suffix(".crt"), folder.with_suffix(".key"), address)


@contextmanager
def mirror(world: World, folder: Path) -> Iterator[str]:
    """Serves the folder at the office's address of the world until the block ends, and gives the URL."""
    with start_mirror(world, folder) as server:
        try:
            yield URL
        finally:
            server.kill()


URL: Final = f"https://{OFFICE}"


def start_mirror(world: World, folder: Path) -> subprocess.Popen[str]:
    """Serves the folder at URL as long as the world lasts. Raises RuntimeError where that does not begin."""
    command = world.inside([sys.executable, "-m", "lab.mirror", str(folder), OFFICE])
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    server = subprocess.Popen(
        command, env=environment, stdin=null, stdout=pipe, stderr=null, text=True, start_new_session=True
    )
    if server.stdout is None or server.stdout.readline() != "ready\n":
        server.kill()
        raise RuntimeError("the mirror did not start")
    return server


def _serve(folder: Path, address: str) -> None:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer((address, 443), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.with_suffix(".crt"), folder.with_suffix(".key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2])
