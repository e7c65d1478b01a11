"""Percona's operator beside an API server: it makes what it makes of a custom resource, and no pod ever runs."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lab.api_server import ApiServer
from lab.processes import free_ports, process, wait_until
from lab.tools import program
from settings.versions import PSMDB_OPERATOR_IMAGE

NAME: Final = "percona"
NAMESPACE: Final = "percona-operator"
POD: Final = "operator"
START_SECONDS: Final = 60
LOG: Final = "psmdb-manager"

IN_A_POD: Final = """
mount -t tmpfs none /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
printf %s "$0" > /run/secrets/kubernetes.io/serviceaccount/namespace
exec "$@"
"""
"""The operator reads its namespace where a pod finds it; the file is seen by it alone (`unshare --mount`)."""


@contextmanager
def percona(server: ApiServer, namespaces: Sequence[str]) -> Iterator[Path]:
    """Runs the operator outside of the cluster, as root, for these namespaces, and gives its log.

    Raises RuntimeError where it does not start.
    """
    server.define(NAME)
    server.apply([_namespace(name) for name in (NAMESPACE, *namespaces)])
    server.apply([_service_account(), _pod()])
    metrics, health = free_ports(2)
    command = [
        *("unshare", "--mount", "sh", "-ec", IN_A_POD, NAMESPACE, str(program("psmdb-manager"))),
        f"--metrics-bind-address=127.0.0.1:{metrics}",
        f"--health-probe-bind-address=127.0.0.1:{health}",
    ]
    environment = {
        **server.environment,
        "KUBECONFIG": str(server.kubeconfig),
        "WATCH_NAMESPACE": ",".join(namespaces),
        "OPERATOR_NAME": "percona-server-mongodb-operator",
        "POD_NAME": POD,
        "HOSTNAME": POD,
        "DISABLE_TELEMETRY": "true",
    }
    log = server.folder / f"{LOG}.log"
    with process(LOG, command, server.folder, environment) as running:
        wait_until(lambda: _answers(health), running, log, START_SECONDS)
        yield log


def _namespace(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _service_account() -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE}}


def _pod() -> dict[str, object]:
    """The operator takes the image of its own pod for the containers that it adds."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD, "namespace": NAMESPACE},
        "spec": {
            "automountServiceAccountToken": False,
            "containers": [{"name": POD, "image": PSMDB_OPERATOR_IMAGE.reference}],
        },
    }


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
