"""Stands where K3s would on a host of the lab, and is not K3s: it starts the upstream programs that K3s has inside.

etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and containerd are the real ones,
of the Kubernetes release inside the pinned K3s. What is this package's own: reading K3s' configuration files, the
certificates, the join of an agent, and WireGuard between the pods of one cluster. Unlike K3s it has one server a
cluster, no load balancer, no encryption of Secrets in etcd and no snapshots.

It travels as one file (a zip that Python runs) from the mirror of the lab, as K3s' binary would, and uses nothing
but Python's own library and PyYAML.
"""

from __future__ import annotations

import os
import sys

from lab.k3s.agent import serve_agent
from lab.k3s.configuration import BIN, KUBECONFIG, RELEASE
from lab.k3s.server import serve

USAGE = "k3s server|agent|kubectl|--version"


def main(arguments: list[str]) -> None:
    """One of K3s' own commands, as far as the program's scripts ask for them."""
    match arguments:
        case ["--version"]:
            print(f"k3s version {RELEASE} (upstream Kubernetes, started by the lab)")
        case ["server"]:
            serve()
        case ["agent"]:
            serve_agent()
        case ["kubectl", *rest]:
            os.execv(BIN / "kubectl", ["kubectl", "--kubeconfig", str(KUBECONFIG), *rest])  # noqa: S606
        case ["etcd-snapshot", *_]:
            sys.exit("the lab takes no snapshots")
        case _:
            sys.exit(USAGE)
