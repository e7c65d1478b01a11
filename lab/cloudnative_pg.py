"""CloudNativePG's operator beside an API server: its webhooks answer for every object of its kinds."""

from __future__ import annotations

import base64
import platform
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from lab.api_server import ApiServer, definitions
from lab.processes import free_ports, process, wait_until
from lab.tools import program

NAME: Final = "cloudnative-pg"
NAMESPACE: Final = "cnpg-system"
START_SECONDS: Final = 60
WEBHOOKS: Final = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


@contextmanager
def cloudnative_pg(server: ApiServer) -> Iterator[subprocess.Popen[bytes]]:
    """Installs the operator's definitions, runs it outside of the cluster, and has the API server ask its webhooks.

    Raises RuntimeError where it does not start.
    """
    server.define(NAME)
    server.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    webhook, metrics = free_ports(2)
    folder = server.folder
    _lay_out(folder)
    command = [
        str(program("manager")),
        "controller",
        f"--webhook-port={webhook}",
        f"--metrics-bind-address=127.0.0.1:{metrics}",
    ]
    environment = {
        **server.environment,
        "KUBECONFIG": str(server.kubeconfig),
        "OPERATOR_NAMESPACE": NAMESPACE,
        "WEBHOOK_CERT_DIR": str(folder / "webhook"),
    }
    with process("manager", command, folder, environment) as running:
        authority = (folder / "tls.crt").read_bytes()
        wait_until(lambda: _answers(webhook, authority.decode()), running, folder / "manager.log", START_SECONDS)
        for kind in WEBHOOKS:
            server.apply([_on_loopback(document, webhook, authority) for document in definitions(NAME, kind)])
        yield running


def _lay_out(folder: Path) -> None:
    """What the operator looks for in its image: certificates by these names, and itself for each architecture."""
    (folder / "webhook").mkdir()
    for ours, theirs in (("tls.crt", "apiserver.crt"), ("tls.key", "apiserver.key")):
        shutil.copy(folder / ours, folder / "webhook" / theirs)
    (folder / "operator").mkdir()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    (folder / "operator" / f"manager_{machine}").symlink_to(program("manager"))


def _on_loopback(document: dict[str, Any], port: int, authority: bytes) -> dict[str, Any]:
    """The operator's webhooks, asked at their address here instead of through a Service that leads nowhere."""
    for webhook in document["webhooks"]:
        path = webhook["clientConfig"]["service"]["path"]
        webhook["clientConfig"] = {
            "url": f"https://127.0.0.1:{port}{path}",
            "caBundle": base64.b64encode(authority).decode(),
        }
    return document


def _answers(port: int, authority: str) -> bool:
    context = ssl.create_default_context(cadata=authority)
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/readyz", timeout=2, context=context):
            return True
    except (urllib.error.URLError, OSError):
        return False
