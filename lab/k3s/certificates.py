"""One authority for a cluster, and the certificates that Kubernetes' programs show each other."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from lab.k3s.configuration import TLS
from lab.k3s.processes import said

CA, CA_KEY = TLS / "server-ca.crt", TLS / "server-ca.key"
DAYS = 30
_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def make_authority() -> None:
    """The cluster's authority, once, and the key with which the API server signs service accounts' tokens."""
    TLS.mkdir(parents=True, exist_ok=True)
    if not CA.exists():
        said("openssl", "req", "-x509", *_EC, "-days", DAYS, "-subj", "/CN=k3s-server-ca", "-keyout", CA_KEY,
             "-out", CA, "-addext", "keyUsage=critical,keyCertSign,digitalSignature")  # fmt: skip
    if not (TLS / "service.key").exists():
        said("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", TLS / "service.key")


def certify(name: str, common_name: str, organization: str = "", names: Iterable[str] = ()) -> tuple[Path, Path]:
    """A certificate for a client, and with `names` (DNS:..., IP:...) for a server as well: its file and its key's."""
    certificate, key, request = (TLS / f"{name}.{end}" for end in ("crt", "key", "csr"))
    subject = f"/O={organization}/CN={common_name}" if organization else f"/CN={common_name}"
    extensions = "extendedKeyUsage=clientAuth,serverAuth\n"
    if sans := ",".join(names):
        extensions += f"subjectAltName={sans}\n"
    (TLS / f"{name}.ext").write_text(extensions)
    said("openssl", "req", *_EC, "-subj", subject, "-keyout", key, "-out", request)
    said("openssl", "x509", "-req", "-in", request, "-CA", CA, "-CAkey", CA_KEY, "-CAcreateserial", "-days", DAYS,
         "-extfile", TLS / f"{name}.ext", "-out", certificate)  # fmt: skip
    return certificate, key


def authority_hash(authority: bytes) -> str:
    """As join tokens carry it."""
    return hashlib.sha256(authority).hexdigest()


def write_kubeconfig(file: Path, server: str, authority: bytes, user: dict[str, str]) -> None:
    """A kubeconfig with everything inside, for its owner alone."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(authority).decode()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    file.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "default", "cluster": cluster}],
                "users": [{"name": "default", "user": user}],
                "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
                "current-context": "default",
            }
        )
    )


def by_certificate(certificate: Path, key: Path) -> dict[str, str]:
    """A kubeconfig's user."""
    return {
        "client-certificate-data": base64.b64encode(certificate.read_bytes()).decode(),
        "client-key-data": base64.b64encode(key.read_bytes()).decode(),
    }
