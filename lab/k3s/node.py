"""A node: containerd, kubelet, kube-proxy and the network of its pods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.k3s.configuration import AGENT, BIN, DOMAIN, IMAGES, PULLED
from lab.k3s.podnetwork import PodNetwork
from lab.k3s.processes import said, start, succeeds, wait_for
from lab.k3s.pulled import link_store

RUN = Path("/run/k3s/containerd")
SOCKET = RUN / "containerd.sock"
CNI = AGENT / "etc/cni/net.d"
SYSCTLS = Path("/etc/sysctl.d/zz-openova.conf")
"""What the program's base script wrote."""

PAUSE = "registry.k8s.io/pause:lab"


class Node:
    """`kubeconfig` is the kubelet's own; `network` holds `cluster-cidr` and `cluster-dns`."""

    def __init__(
        self, config: Mapping[str, Any], kubeconfig: Path, authority: Path, network: Mapping[str, str],
        kubelet_flags: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._config, self._kubeconfig, self._authority = config, kubeconfig, authority
        self._cluster_cidr, self._cluster_dns = network["cluster-cidr"], network["cluster-dns"]
        self._flags = kubelet_flags
        self._pods = PodNetwork(config["node-name"], config["node-ip"], self._cluster_cidr, self._kubectl, CNI)

    def start(self) -> None:
        """Until the kubelet is healthy and the node is known, with a network for its pods."""
        _be_a_host()
        self._containerd()
        self._kubelet()
        wait_for("the kubelet", lambda: succeeds("curl", "-sf", "http://127.0.0.1:10248/healthz"))
        name = self._config["node-name"]
        wait_for("the node's address block", lambda: bool(self._pod_cidr(name)))
        self._pods.begin(self._pod_cidr(name))
        self._proxy()

    def keep(self) -> None:
        """Follows nodes that come, go or change their key."""
        self._pods.follow()

    def _kubectl(self, *arguments: str) -> list[object]:
        return [BIN / "kubectl", "--kubeconfig", self._kubeconfig, "--request-timeout=5s", *arguments]

    def _pod_cidr(self, name: str) -> str:
        if not self._kubeconfig.exists() or not succeeds(*self._kubectl("get", "node", name)):
            return ""
        return said(*self._kubectl("get", "node", name, "-o", "jsonpath={.spec.podCIDR}"))

    def _containerd(self) -> None:
        config = AGENT / "etc/containerd.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(_CONTAINERD.format(root=AGENT / "containerd", run=RUN, socket=SOCKET, cni=CNI, pause=PAUSE))
        link_store(PULLED, AGENT / "containerd")
        # Shims that outlive a restart keep their pods; containerd finds them again.
        start("containerd", ["containerd", "--config", config])
        ctr = ("ctr", "--address", SOCKET, "--namespace", "k8s.io")
        wait_for("containerd", lambda: succeeds(*ctr, "version"))
        done = AGENT / "images.imported"
        archives = {file.name: file.stat().st_size for file in sorted(IMAGES.glob("*.tar*"))}
        if not done.exists() or json.loads(done.read_text()) != archives:
            for file in archives:
                said(*ctr, "images", "import", IMAGES / file)
            done.write_text(json.dumps(archives))

    def _kubelet(self) -> None:
        settings = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {"x509": {"clientCAFile": str(self._authority)}},
            "clusterDNS": [self._cluster_dns],
            "clusterDomain": DOMAIN,
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            # The machine's control groups are of the first version, and hosts of the lab share them.
            "cgroupDriver": "cgroupfs",
            "cgroupsPerQOS": False,
            "enforceNodeAllocatable": [],
            "failCgroupV1": False,
            "failSwapOn": False,
            "evictionHard": {"nodefs.available": "0%", "imagefs.available": "0%", "memory.available": "0%"},
            "imageGCHighThresholdPercent": 100,
            # Nothing here is evicted, and to look for it is most of what an idle kubelet does.
            "localStorageCapacityIsolation": False,
            "resolvConf": "",
            "nodeStatusUpdateFrequency": "5s",
            "protectKernelDefaults": bool(self._config.get("protect-kernel-defaults")),
        }
        file = AGENT / "etc/kubelet.yaml"
        file.write_text(yaml.safe_dump(settings))
        start(
            "kubelet",
            [
                BIN / "kubelet",
                f"--config={file}",
                f"--kubeconfig={self._kubeconfig}",
                f"--root-dir={AGENT / 'kubelet'}",
                # Every kubelet here sees the control groups of all hosts, and nobody asks what they use.
                "--housekeeping-interval=60s",
                f"--node-ip={self._config['node-ip']}",
                f"--hostname-override={self._config['node-name']}",
                f"--node-labels={','.join(self._config.get('node-label', ()))}",
                *(f"--{argument}" for argument in self._config.get("kubelet-arg", ())),
                *self._flags,
            ],
        )

    def _proxy(self) -> None:
        start(
            "kube-proxy",
            [
                BIN / "kube-proxy",
                f"--kubeconfig={self._kubeconfig}",
                f"--hostname-override={self._config['node-name']}",
                f"--cluster-cidr={self._cluster_cidr}",
                "--conntrack-max-per-core=0",
                "--conntrack-tcp-timeout-established=0",
                "--conntrack-tcp-timeout-close-wait=0",
                *(f"--{argument}" for argument in self._config.get("kube-proxy-arg", ())),
            ],
        )


def _be_a_host() -> None:
    """What a container lacks: mounts that spread (volumes come after the pods that use them), control groups that can
    be written, and the machine's kernel settings, which only look here as the program's base script wrote them."""
    said("mount", "--make-rshared", "/")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if place.startswith("/sys/fs/cgroup") and kind.startswith("cgroup") and "ro" in options.split(","):
            said("mount", "-o", "remount,bind,rw", place)
    for key, value in _settings().items():
        real = Path("/proc/sys") / key.replace(".", "/")
        if not key.startswith("net.") and real.read_text().strip() != value:
            shown = Path("/run/openova-lab") / key
            shown.parent.mkdir(exist_ok=True)
            shown.write_text(f"{value}\n")
            said("mount", "--bind", shown, real)


def _settings() -> dict[str, str]:
    lines = SYSCTLS.read_text().splitlines() if SYSCTLS.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


_CONTAINERD = """
version = 2
root = "{root}"
state = "{run}"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{cni}"
"""
