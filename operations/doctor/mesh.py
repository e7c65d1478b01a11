"""Whether the mesh between the nodes carries packets of its full size."""

from __future__ import annotations

from typing import Final

from operations.doctor.model import Target
from operations.doctor.ssh import Ssh
from operations.findings.model import Check

HEADERS: Final = 28
"""Bytes of an IPv4 and an ICMP header, which the MTU counts and ping's payload does not."""

SECONDS: Final = 45


def mtu(target: Target, ssh: Ssh) -> Check:
    """Pings of full size, which must not be broken up, from this node to all others."""
    rule = f"Packets of {target.mtu} bytes reach every other node through the mesh in one piece."
    if not target.peers:
        return Check(target.name, "mesh", "ok", "there is no other node", rule)
    arguments = [str(target.mtu - HEADERS), *(f"{name}={address}" for name, address in target.peers)]
    heard = ssh.run(target, "mesh.sh", arguments, seconds=SECONDS)
    lines = [line.split() for line in heard.output.splitlines()]
    if ["ping", "missing"] in lines:
        return Check(
            target.name, "mesh", "unknown", "the host has no ping", rule, "Losses would show as hanging connections.",
            "apt-get install iputils-ping",
        )  # fmt: skip
    if heard.code != 0 or ["end"] not in lines:
        return Check(
            target.name, "mesh", "unknown", heard.reason, rule, "Nothing is known about the mesh.", "Run again."
        )
    reached = {line[1]: line[2] for line in lines if len(line) == 3 and line[0] == "peer"}
    broken = [name for name, _ in target.peers if reached.get(name) == "small"]
    silent = [name for name, _ in target.peers if reached.get(name, "none") == "none"]
    seen = [f"{len(target.peers) - len(broken) - len(silent)} of {len(target.peers)} nodes reached"]
    seen += [f"only small packets to {', '.join(broken)}"] if broken else []
    seen += [f"nothing from {', '.join(silent)}"] if silent else []
    return Check(
        target.name,
        "mesh",
        "fail" if broken or silent else "ok",
        "; ".join(seen),
        rule,
        "Replication would hang: small answers pass, and the first large one never arrives."
        if broken
        else "The regions' databases could not reach each other.",
        "Lower mesh.mtu by 20 until it passes (least: 1280), then pulumi up in every region."
        if broken
        else "wg show openova0 on both nodes: no handshake means that UDP mesh.port is closed between them.",
    )
