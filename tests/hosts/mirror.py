"""Serves a folder over HTTPS: `python -m tests.hosts.mirror FOLDER ADDRESS`, with FOLDER.crt and FOLDER.key.

Standing in for the place that K3s is downloaded from; the release in it is the stand-in.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import http.server
import ipaddress
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.hosts.world import OFFICE, World

STANDINS: Final = Path(__file__).parent / "standins"
IMAGES: Final = "k3s-airgap-images-amd64.tar.zst"
INSTALLER: Final = Path(__file__).parents[1] / "components" / "standins" / "install.sh"


@dataclass(frozen=True)
class Release:
    """A release by its tag, and the sums of its files."""

    tag: str
    binary_sha256: str
    installer_sha256: str
    images_sha256: str


def publish(folder: Path, tag: str) -> Release:
    """Puts the stand-in into the folder as the release of that tag."""
    sums = []
    assets = {"k3s": (STANDINS / "k3s").read_text(), "install.sh": INSTALLER.read_text(), IMAGES: "images of RELEASE\n"}
    for asset, text in assets.items():
        file = folder / tag / asset
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("RELEASE", tag))
        sums.append(hashlib.sha256(file.read_bytes()).hexdigest())
    return Release(tag, *sums)


def certify(folder: Path, address: str) -> str:
    """Makes FOLDER.crt and FOLDER.key for the address; the certificate, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mirror of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder.with_suffix(".key").write_bytes(private)
    text = certificate.public_bytes(Encoding.PEM).decode()
    folder.with_suffix(".crt").write_text(text)
    return text


@contextmanager
def mirror(world: World, folder: Path) -> Iterator[str]:
    """Serves the folder at the office's address of the world, and gives the URL."""
    command = world.inside([sys.executable, "-m", "tests.hosts.mirror", str(folder), OFFICE])
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=null, text=True) as server:
        try:
            if server.stdout is None or server.stdout.readline() != "ready\n":
                raise RuntimeError("the mirror did not start")
            yield f"https://{OFFICE}"
        finally:
            server.kill()


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
