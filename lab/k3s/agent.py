"""An agent: a node that joins the cluster whose authority its token names."""

from __future__ import annotations

import base64
import json
import os
import shutil
import ssl
import sys
import urllib.error
import urllib.request

from lab.k3s.certificates import authority_hash, write_kubeconfig
from lab.k3s.configuration import AGENT, BIN, configuration, token
from lab.k3s.node import Node
from lab.k3s.processes import stay, wait_for

INFO = "/api/v1/namespaces/kube-public/configmaps/openova-lab"
CA = AGENT / "server-ca.crt"
KUBECONFIG = AGENT / "kubelet.kubeconfig"
CERTIFICATES = AGENT / "pki"


def serve_agent() -> None:
    """Runs until something ends."""
    os.umask(0o077)
    config = configuration()
    network = _trusted(config["server"])
    _, password = token()
    bootstrap = AGENT / "bootstrap.kubeconfig"
    write_kubeconfig(bootstrap, config["server"], CA.read_bytes(), {"token": password})
    node = Node(config, KUBECONFIG, CA, network, (f"--bootstrap-kubeconfig={bootstrap}", f"--cert-dir={CERTIFICATES}"))
    node.start()
    # The trace by which the program's scripts know a member.
    shutil.copy(CERTIFICATES / "kubelet-client-current.pem", AGENT / "client-kubelet.crt")
    stay(node.keep)


def _trusted(server: str) -> dict[str, str]:
    """The cluster's networks. Its authority is written only where it has the token's hash; else this ends."""
    told: dict[str, str] = {}
    # What comes back counts only if its hash is the token's.
    anybody = ssl._create_unverified_context()  # noqa: S323

    def asked() -> bool:
        try:
            with urllib.request.urlopen(server + INFO, timeout=5, context=anybody) as answer:  # noqa: S310
                told.update(json.load(answer)["data"])
                return True
        except (OSError, ValueError, KeyError, urllib.error.URLError):
            return False

    wait_for(server, asked)
    authority = base64.b64decode(told["authority"])
    expected, _ = token()
    if authority_hash(authority) != expected:
        sys.exit(f"token CA hash does not match the Cluster CA certificate hash: {expected}")
    AGENT.mkdir(parents=True, exist_ok=True)
    CA.write_bytes(authority)
    assert BIN.is_dir()
    network: dict[str, str] = json.loads(told["network"])
    return network
