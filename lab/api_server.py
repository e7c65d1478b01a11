"""A Kubernetes API server on loopback, with its etcd: it stores and checks objects, and nothing runs them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from lab.certificates import self_signed
from lab.processes import free_ports, process, wait_until
from lab.tools import cache, program

START_SECONDS: Final = 90
STEP_SECONDS: Final = 120
ADMINISTRATORS: Final = "system:masters"
"""The group that Kubernetes lets do everything (Kubernetes documentation, RBAC)."""


class RefusedError(Exception):
    """The API server did not take an object; the text is its own."""


@dataclass(frozen=True)
class ApiServer:
    """A running API server. `folder` holds its kubeconfig, certificate, key and logs."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "kubeconfig"

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """What kubectl prints. Raises RefusedError with what it says where it fails."""
        done = subprocess.run(
            [str(program("kubectl")), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
            env=dict(self.environment),
        )
        if done.returncode:
            raise RefusedError(done.stderr.strip())
        return done.stdout

    def apply(self, documents: str | Sequence[Mapping[str, Any]], *, dry_run: bool = False) -> None:
        """Applies objects (YAML, or as data) on the server's side; unknown and doubled fields are errors.

        Raises RefusedError.
        """
        text = (
            documents
            if isinstance(documents, str)
            else json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
        )
        how = ["--dry-run=server"] if dry_run else []
        self.kubectl("apply", "--server-side", "--force-conflicts", "--validate=strict", *how, "-f", "-", stdin=text)

    def define(self, *names: str) -> None:
        """Installs the custom resources of `<name>.yaml` in the cache's definitions, until they are served."""
        for name in names:
            documents = definitions(name, "CustomResourceDefinition")
            self.apply(documents)
            for document in documents:
                # Right after its creation a definition has no conditions, for which `kubectl wait` gives up.
                self.kubectl(
                    "wait", "--for=jsonpath={.status.acceptedNames.kind}", f"crd/{document['metadata']['name']}"
                )
                self.kubectl("wait", "--for=condition=Established", f"crd/{document['metadata']['name']}")


def definitions(name: str, kind: str = "") -> list[dict[str, Any]]:
    """The objects of one kind, or all, in `<name>.yaml` of the cache."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = yaml.load_all((cache() / "definitions" / f"{name}.yaml").read_text(), loader)
    return [document for document in documents if document and kind in ("", document["kind"])]


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """Starts etcd and the API server in a folder of their own; both are gone afterwards.

    Raises RuntimeError where one of them does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="openova-api-")))
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        client, peer, port = free_ports(3)
        etcd = stack.enter_context(process("etcd", _etcd(folder, client, peer), folder, environment))
        server = ApiServer(folder, environment)
        token = secrets.token_hex(16)
        _write_credentials(folder, port, token)
        running = stack.enter_context(process("kube-apiserver", _api_server(folder, client, port), folder, environment))
        wait_until(
            lambda: etcd.poll() is not None or _ready(server), running, folder / "kube-apiserver.log", START_SECONDS
        )
        wait_until(lambda: _ready(server), etcd, folder / "etcd.log", 1)
        yield server


def _ready(server: ApiServer) -> bool:
    try:
        return server.kubectl("get", "--raw", "/readyz", "--request-timeout=2s") == "ok"
    except RefusedError:
        return False


def _etcd(folder: Path, client: int, peer: int) -> list[str]:
    urls = f"http://127.0.0.1:{client}"
    return [
        shutil.which("etcd") or "etcd",
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={urls}",
        f"--advertise-client-urls={urls}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync",
    ]


def _api_server(folder: Path, etcd: int, port: int) -> list[str]:
    return [
        str(program("kube-apiserver")),
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={folder / 'tls.crt'}",
        f"--tls-private-key-file={folder / 'tls.key'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'tls.key'}",
        f"--service-account-signing-key-file={folder / 'tls.key'}",
        "--service-cluster-ip-range=10.43.0.0/16",
        # A controller that nobody runs here would make them.
        "--disable-admission-plugins=ServiceAccount",
    ]


def _write_credentials(folder: Path, port: int, token: str) -> None:
    self_signed(folder / "tls.crt", folder / "tls.key", "127.0.0.1")
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(folder / "tls.crt")}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "lab", "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        "current-context": "lab",
    }
    for name, text in {
        "tokens.csv": f"{token},administrator,administrator,{ADMINISTRATORS}\n",
        "kubeconfig": json.dumps(kubeconfig),
    }.items():
        (folder / name).touch(0o600)
        (folder / name).write_text(text)
