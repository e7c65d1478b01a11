"""The firewall of a node as an nftables ruleset: pure text, loaded by `scripts/firewall.sh`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

INTERNAL_INTERFACES: Final = ("lo", "cni0", "flannel-wg", "flannel-wg-v6", "flannel.1")
"""The host itself and its pods. Everything else but the mesh counts as the outside."""

API_PORT: Final = 6443
CLUSTER_TCP_PORTS: Final = "2379-2380, 6443, 10250"
"""Among the nodes of a cluster: etcd, the Kubernetes API and K3s supervisor, kubelet (K3s documentation)."""

CLUSTER_UDP_PORTS: Final = "51820-51821"
"""Flannel's own WireGuard, IPv4 and IPv6."""

NODE_PORTS: Final = "30000-32767"
"""Kubernetes' default range of NodePorts: all that the mesh between regions carries."""

_INTERFACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")


@dataclass(frozen=True, kw_only=True)
class Firewall:
    """Who may reach a node from outside.

    `admin_cidrs` reach SSH and the Kubernetes API, `http_cidrs` (the CDN's ranges) ports 80 and 443,
    `peer_addresses` (the other nodes of the same cluster) the ports of K3s. The UDP port of the mesh is
    open to all: WireGuard answers nobody without a known key, and a peer that is added later dials from
    an address that nobody knows yet. Raises ValueError for what is no address or network, for an
    interface name that Linux would not take, and where nobody could administer the node.
    """

    admin_cidrs: Sequence[str]
    http_cidrs: Sequence[str]
    peer_addresses: Sequence[str]
    ssh_port: int
    mesh_port: int
    mesh_interface: str

    def __post_init__(self) -> None:
        if not self.admin_cidrs:
            raise ValueError(
                "A node's firewall lets at least one network administer it. With none, SSH would be closed "
                "for good. Set 'admin_cidrs' to the networks that you deploy from."
            )
        if not _INTERFACE.fullmatch(self.mesh_interface):
            raise ValueError(
                "A network interface has at most 15 letters, digits, '-', '_' and '.'. "
                f"{self.mesh_interface!r} could not be created. Change 'mesh_interface'."
            )


def ruleset(firewall: Firewall) -> str:
    """The table `inet edge`, complete: loading it replaces the one that is there, in one transaction.

    The chain stands in `prerouting` before destination NAT (priority -100), because K3s redirects the
    ports of Services there and a filter on `input` would never see them; and after connection tracking
    (-200), because it lets replies pass.
    """
    sets = [
        *_sets("admin", "admin_cidrs", firewall.admin_cidrs),
        *_sets("http", "http_cidrs", firewall.http_cidrs),
        *_sets("peer", "peer_addresses", firewall.peer_addresses),
    ]
    prerouting = [
        "type filter hook prerouting priority -150; policy drop;",
        "ct state established,related accept",
        f"iifname {{ {', '.join(_quoted(INTERNAL_INTERFACES))} }} accept",
        f'iifname "{firewall.mesh_interface}" jump mesh',
        "ct state invalid counter drop",
        *_basics(),
        f"udp dport {firewall.mesh_port} accept",
        *_from("peer", f"tcp dport {{ {CLUSTER_TCP_PORTS} }} accept"),
        *_from("peer", f"udp dport {CLUSTER_UDP_PORTS} accept"),
        *_from("admin", f"tcp dport {{ {firewall.ssh_port}, {API_PORT} }} accept"),
        *_from("http", "tcp dport { 80, 443 } accept"),
        "counter drop",
    ]
    mesh = [f"tcp dport {NODE_PORTS} accept", *_echo(), "counter drop"]
    # Pods have a larger MTU than the mesh: both ends agree on segments that fit, whatever filters ICMP.
    forward = [
        "type filter hook forward priority -150; policy accept;",
        f'oifname "{firewall.mesh_interface}" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu',
    ]
    blocks = [
        *sets,
        _block("chain mesh", mesh),
        _block("chain prerouting", prerouting),
        _block("chain forward", forward),
    ]
    body = "\n\n".join(blocks)
    return f"table inet edge\ndelete table inet edge\n\ntable inet edge {{\n{body}\n}}\n"


def _basics() -> list[str]:
    """What a host needs to keep its address and learn the path's MTU, from anywhere."""
    return [
        "icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
        "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept",
        "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept",
        "ip6 saddr fe80::/10 icmpv6 type { mld-listener-query, mld-listener-report, mld2-listener-report } accept",
        *_echo(),
        "udp sport 67 udp dport 68 accept",
        "ip6 saddr fe80::/10 udp dport 546 accept",
    ]


def _echo() -> list[str]:
    return [
        "icmp type echo-request limit rate 20/second accept",
        "icmpv6 type echo-request limit rate 20/second accept",
    ]


def _from(group: str, rule: str) -> list[str]:
    return [f"ip saddr @{group}4 {rule}", f"ip6 saddr @{group}6 {rule}"]


def _sets(group: str, setting: str, networks: Iterable[str]) -> list[str]:
    parsed = [_network(setting, network) for network in networks]
    return [
        _set(f"{group}{version}", type_, sorted({str(item) for item in parsed if item.version == version}))
        for version, type_ in ((4, "ipv4_addr"), (6, "ipv6_addr"))
    ]


def _network(setting: str, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"The firewall filters by address. {text!r} is neither an address nor a network, so the node would "
            f"be closed to it. Write it as 203.0.113.7 or 203.0.113.0/24 in '{setting}'."
        ) from None


def _set(name: str, type_: str, elements: Sequence[str]) -> str:
    lines = [f"type {type_}", "flags interval", "auto-merge"]
    if elements:
        lines.append(f"elements = {{ {', '.join(elements)} }}")
    return _block(f"set {name}", lines)


def _block(head: str, lines: Iterable[str]) -> str:
    return "\n".join([f"  {head} {{", *(f"    {line}" for line in lines), "  }"])


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]
