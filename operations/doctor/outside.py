"""What of a node can be reached from here once it is set up, and how it lets people in."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from operations.doctor.model import Target
from operations.doctor.ssh import Ssh
from operations.findings.model import Check

PORTS: Final[dict[int, str]] = {
    22: "SSH",
    80: "HTTP",
    443: "HTTPS",
    2379: "etcd",
    6443: "Kubernetes API",
    10250: "kubelet",
    30000: "NodePorts",
    30432: "PostgreSQL",
    30170: "MongoDB",
}
SECONDS: Final = 4
_METHODS: Final = re.compile(r"Permission denied \(([^)]*)\)")


def ports(target: Target, client: str) -> Check:
    """Which ports answer here. `client` is our address as the host sees it; empty where that is not known."""
    listed = sorted({*PORTS, target.port})
    with ThreadPoolExecutor(len(listed)) as pool:
        answers = zip(listed, pool.map(lambda number: _opens(target.address or "", number), listed), strict=True)
    opened = [number for number, answered in answers if answered]
    expected = _expected(target, client)
    wrong = [number for number in opened if number not in expected]
    return Check(
        target.name,
        "open ports",
        "fail" if wrong else "ok",
        ", ".join(_named(number, target) + ("" if number in expected else " (!)") for number in opened) or "none",
        f"From {client or 'here'} a node answers on {', '.join(_named(number, target) for number in sorted(expected))} "
        "at most.",
        "Databases, etcd or the kubelet would be open to the world, with only their own passwords before them.",
        "pulumi up brings the firewall back; on the host: nft list table inet edge. A port forwarding of the "
        "provider goes past it.",
    )


def _expected(target: Target, client: str) -> set[int]:
    expected = {target.port} | ({6443} if target.server else set())
    return expected | ({80, 443} if not client or _within(client, target.http_cidrs) else set())


def _within(address: str, networks: Iterable[str]) -> bool:
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(here in ipaddress.ip_network(network) for network in networks)


def _opens(address: str, number: int) -> bool:
    try:
        with socket.create_connection((address, number), SECONDS):
            return True
    except OSError:
        return False


def _named(number: int, target: Target) -> str:
    return f"{number} {'SSH' if number == target.port else PORTS[number]}"


def password_login(target: Target, ssh: Ssh) -> Check:
    """Whether sshd would take a password, from the user or from root.

    Asked without showing anything: sshd names the methods that it would take. (A client in batch mode never
    tries a password, so that its refusal would prove nothing.)
    """
    rule = "A node lets people in by key only."
    consequence = "Passwords are guessed from the moment that a host is in the net."
    fix = "pulumi up sets it; on the host: sshd -T | grep -i -e passwordauth -e kbdinteractive"
    taken: set[str] = set()
    for user in sorted({"root", target.user}):
        heard = ssh.methods(target, user)
        if heard.code == 0:
            return Check(
                target.name, "password login", "fail", f"{user} is let in with nothing at all", rule, consequence, fix
            )
        match = _METHODS.search(heard.error)
        if match is None:
            return Check(target.name, "password login", "unknown", heard.reason, rule, consequence, fix)
        taken |= set(match[1].split(","))
    wrong = taken & {"password", "keyboard-interactive"}
    return Check(
        target.name,
        "password login",
        "fail" if wrong else "ok",
        f"sshd takes {', '.join(sorted(taken))}",
        rule,
        consequence,
        fix,
    )
