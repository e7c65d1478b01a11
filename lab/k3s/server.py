"""A server: etcd, the API server, controllers and the scheduler, and a node like every other."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from lab.k3s.certificates import CA, CA_KEY, authority_hash, by_certificate, certify, make_authority, write_kubeconfig
from lab.k3s.configuration import (
    API_PORT,
    BIN,
    DOMAIN,
    ETC,
    KUBECONFIG,
    MANIFESTS,
    SERVER,
    TLS,
    configuration,
    first_service_address,
    token,
)
from lab.k3s.node import Node
from lab.k3s.processes import said, start, stay, succeeds, wait_for

ETCD = "http://127.0.0.1:2379"
LOCAL = f"https://127.0.0.1:{API_PORT}"
BOOTSTRAPPERS = "system:bootstrappers"


def serve() -> None:
    """Runs until something ends. A second server is refused: etcd here has one member."""
    os.umask(0o077)
    config = configuration()
    if "server" in config and not (SERVER / "db/etcd/member/wal").is_dir():
        sys.exit("the lab has one server a cluster; give further nodes of the region the role 'agent'")
    make_authority()
    (SERVER / "token").write_text(f"K10{authority_hash(CA.read_bytes())}::server:{token()[1]}\n")
    _start_control_plane(config)
    write_kubeconfig(KUBECONFIG, LOCAL, CA.read_bytes(), by_certificate(*certify("admin", "admin", "system:masters")))
    wait_for("the API server", lambda: succeeds(*_kubectl("get", "--raw", "/readyz")))
    _start_controllers(config)
    said(*_kubectl("apply", "--server-side", "--force-conflicts", "-f", "-"), text=_first_objects(config))
    name = config["node-name"]
    identity = certify("kubelet", f"system:node:{name}", "system:nodes")
    kubelet = SERVER / "kubelet.kubeconfig"
    write_kubeconfig(kubelet, LOCAL, CA.read_bytes(), by_certificate(*identity))
    node = Node(config, kubelet, CA, {**config, "cluster-dns": config["cluster-dns"]})
    node.start()
    said(*_kubectl("label", "--overwrite", "node", name, *(f"node-role.kubernetes.io/{role}=true" for role in
                                                           ("control-plane", "etcd", "master"))))  # fmt: skip
    said(*_kubectl("apply", "--server-side", "--force-conflicts", "-f", "-"), text=_manifests(config))
    stay(node.keep)


def _kubectl(*arguments: str) -> list[object]:
    return [BIN / "kubectl", "--kubeconfig", KUBECONFIG, "--request-timeout=10s", *arguments]


def _start_control_plane(config: dict[str, Any]) -> None:
    start("etcd", ["etcd", f"--data-dir={SERVER / 'db/etcd'}", f"--listen-client-urls={ETCD}",
                   f"--advertise-client-urls={ETCD}", "--listen-peer-urls=http://127.0.0.1:2380"])  # fmt: skip
    service = first_service_address(config["service-cidr"])
    names = [config["node-ip"], "127.0.0.1", service, *config.get("tls-san", ())]
    names += ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}"]
    serving = certify("serving", "k3s", names=[_san(name) for name in dict.fromkeys(names)])
    client = certify("kubelet-client", "kube-apiserver", "system:masters")
    tokens = TLS / "tokens.csv"
    agent = (ETC / "agent-token").read_text().strip()
    tokens.write_text(f'{agent},k3s-agent,k3s-agent,"{BOOTSTRAPPERS}"\n')
    start(
        "kube-apiserver",
        [
            BIN / "kube-apiserver",
            f"--etcd-servers={ETCD}",
            f"--secure-port={API_PORT}",
            f"--advertise-address={config['node-ip']}",
            f"--tls-cert-file={serving[0]}",
            f"--tls-private-key-file={serving[1]}",
            f"--client-ca-file={CA}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
            f"--service-account-key-file={TLS / 'service.key'}",
            f"--service-account-signing-key-file={TLS / 'service.key'}",
            f"--service-cluster-ip-range={config['service-cidr']}",
            f"--kubelet-client-certificate={client[0]}",
            f"--kubelet-client-key={client[1]}",
            "--kubelet-preferred-address-types=InternalIP",
            "--profiling=false",
        ],
    )


def _san(name: str) -> str:
    return f"IP:{name}" if name.replace(".", "").isdigit() else f"DNS:{name}"


def _start_controllers(config: dict[str, Any]) -> None:
    common = [f"--kubeconfig={KUBECONFIG}", "--leader-elect=false", "--bind-address=127.0.0.1"]
    start(
        "kube-controller-manager",
        [
            BIN / "kube-controller-manager",
            *common,
            f"--authentication-kubeconfig={KUBECONFIG}",
            f"--authorization-kubeconfig={KUBECONFIG}",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={TLS / 'service.key'}",
            f"--root-ca-file={CA}",
            f"--cluster-signing-cert-file={CA}",
            f"--cluster-signing-key-file={CA_KEY}",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={config['cluster-cidr']}",
            f"--service-cluster-ip-range={config['service-cidr']}",
        ],
    )
    start("kube-scheduler", [BIN / "kube-scheduler", *common])


def _first_objects(config: dict[str, Any]) -> str:
    """What an agent needs before it is known: the authority for everybody to read, and leave to ask for a
    certificate; and for every node what kube-proxy reads."""
    authority = CA.read_bytes()
    roles = {
        "node-bootstrapper": (BOOTSTRAPPERS, "system:node-bootstrapper"),
        "node-client": (BOOTSTRAPPERS, "system:certificates.k8s.io:certificatesigningrequests:nodeclient"),
        "node-proxier": ("system:nodes", "system:node-proxier"),
        "authority-reader": ("system:unauthenticated", "openova-lab:authority"),
    }
    items: list[dict[str, Any]] = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "openova-lab", "namespace": "kube-public"},
            "data": {
                "authority": base64.b64encode(authority).decode(),
                "network": json.dumps({key: config[key] for key in ("cluster-cidr", "cluster-dns")}),
            },
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "openova-lab:authority"},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["openova-lab"],
                       "verbs": ["get"]}],
        },
    ]  # fmt: skip
    for name, (group, role) in roles.items():
        items.append(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": f"openova-lab:{name}"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
            }
        )
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _manifests(config: dict[str, Any]) -> str:
    """What K3s brings along: CoreDNS and the local path provisioner."""
    texts = [file.read_text().replace("CLUSTER_DNS", config["cluster-dns"]) for file in _files(MANIFESTS)]
    return "---\n".join(texts)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))
