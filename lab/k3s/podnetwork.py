"""The pods' network of one cluster: a bridge on each node, and WireGuard among the nodes, as K3s' flannel has it.

Names, port and annotation are flannel's (`flannel-wg`, UDP 51820), because the program's firewall knows them. It is
wireguard-go everywhere, also where the kernel has WireGuard.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from lab.k3s.processes import said, start, succeeds, wait_for

INTERFACE, PORT, MTU = "flannel-wg", 51820, 1420
ANNOTATION = "flannel.alpha.coreos.com"
KEY = Path("/var/lib/rancher/k3s/agent/flannel-wg.key")


class PodNetwork:
    """The part of one node, which asks the API server for the others by `kubectl`."""

    def __init__(
        self, name: str, address: str, cluster_cidr: str, kubectl: Callable[..., list[object]], cni: Path
    ) -> None:
        self._name, self._address, self._cluster_cidr = name, address, cluster_cidr
        self._kubectl, self._cni = kubectl, cni
        self._known: dict[str, tuple[str, str, str]] = {}

    def begin(self, pod_cidr: str) -> None:
        """The interface, the bridge's configuration, and a word to the others."""
        if not KEY.exists():
            KEY.write_text(said("wg", "genkey"))
        if not succeeds("wg", "show", INTERFACE):
            start("wireguard-go", ["wireguard-go", "--foreground", INTERFACE], {"LOG_LEVEL": "error"})
            wait_for(INTERFACE, lambda: succeeds("wg", "show", INTERFACE))
        said("wg", "set", INTERFACE, "listen-port", PORT, "private-key", KEY)
        own = ipaddress.ip_network(pod_cidr)[0]
        said("ip", "address", "replace", f"{own}/32", "dev", INTERFACE)
        said("ip", "link", "set", INTERFACE, "mtu", MTU, "up")
        self._masquerade(pod_cidr)
        self._write_bridge(pod_cidr)
        public = said("wg", "pubkey", text=KEY.read_text()).strip()
        data = json.dumps({"PublicKey": public})
        told = (f"{ANNOTATION}/public-ip={self._address}", f"{ANNOTATION}/backend-data={data}")
        said(*self._kubectl("annotate", "--overwrite", "node", self._name, *told))
        self.follow()

    def follow(self) -> None:
        """Takes the other nodes as they are now. While the API server does not answer, the last ones stay."""
        asked = subprocess.run(
            [str(word) for word in self._kubectl("get", "nodes", "-o", "json")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if asked.returncode:
            return
        found: dict[str, tuple[str, str, str]] = {}
        for node in json.loads(asked.stdout)["items"]:
            told = node["metadata"].get("annotations", {})
            name, block = node["metadata"]["name"], node["spec"].get("podCIDR")
            if name != self._name and block and f"{ANNOTATION}/backend-data" in told:
                key = json.loads(told[f"{ANNOTATION}/backend-data"])["PublicKey"]
                found[name] = (key, told[f"{ANNOTATION}/public-ip"], block)
        for name in self._known.keys() - found.keys():
            succeeds("wg", "set", INTERFACE, "peer", self._known[name][0], "remove")
        for name, (key, address, block) in found.items():
            if self._known.get(name) != (key, address, block):
                said("wg", "set", INTERFACE, "peer", key, "allowed-ips", block, "endpoint", f"{address}:{PORT}",
                     "persistent-keepalive", 25)  # fmt: skip
                said("ip", "route", "replace", block, "dev", INTERFACE)
        self._known = found

    def _masquerade(self, pod_cidr: str) -> None:
        """Pods that leave the cluster take the node's address; among pods every address stays."""
        rule = ["POSTROUTING", "-s", pod_cidr, "!", "-d", self._cluster_cidr, "-j", "MASQUERADE"]
        if not succeeds("iptables", "-w", "-t", "nat", "-C", *rule):
            said("iptables", "-w", "-t", "nat", "-A", *rule)

    def _write_bridge(self, pod_cidr: str) -> None:
        self._cni.mkdir(parents=True, exist_ok=True)
        bridge = {
            "type": "bridge",
            "bridge": "cni0",
            "isDefaultGateway": True,
            "hairpinMode": True,
            "mtu": MTU,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": pod_cidr}]]},
        }
        plugins = [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]
        (self._cni / "10-flannel.conflist").write_text(
            json.dumps({"name": "cbr0", "cniVersion": "0.4.0", "plugins": plugins})
        )
