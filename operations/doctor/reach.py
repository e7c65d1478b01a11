"""Whether a host answers on its SSH port, and whether it is the one that was pinned."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import socket
import subprocess
from typing import Final

from operations.doctor.model import Target
from operations.findings.model import Check

SECONDS: Final = 5
"""To connect, and to be told the protocol's version."""


DOCUMENTATION: Final = tuple(
    ipaddress.ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
"""Blocks that belong to nobody (RFC 5737, RFC 3849): an address in them stands for one that is still to be given."""


def not_known(target: Target) -> Check | None:
    """A check that tells what is missing to examine the host at all; None where nothing is.

    A documentation address counts as missing: nothing is sent there.
    """
    if target.address and any(ipaddress.ip_address(target.address) in block for block in DOCUMENTATION):
        return Check(
            target.name,
            "settings",
            "fail",
            f"{target.address} is a documentation address",
            "A node is examined at its own address.",
            "Nobody has this address; pulumi up would wait for it and fail.",
            f"Put the server's own address and host key into openova:nodes.{target.name} of "
            f"Pulumi.{target.region}.yaml.",
        )
    absent = [name for name, value in (("address", target.address), ("host key", target.host_key)) if not value]
    if not absent:
        return None
    return Check(
        target.name,
        "settings",
        "unknown",
        f"no {' and no '.join(absent)} in the settings",
        "A node is examined by its address and its pinned host key.",
        "Nothing is known about this host.",
        "A server that the program ordered has both once its region is up, in the outputs of its stack: "
        f"pulumi stack output --json --stack {target.region} > outputs.json, "
        f"then openova doctor --outputs {target.region}=outputs.json",
    )


def port(target: Target) -> Check:
    """Whether sshd answers."""
    place = f"{target.address}:{target.port}"
    rule = "A node is reached by SSH."
    fix = (
        "See on the provider's console that it runs, that sshd listens on this port (nodes.*.sshPort), and that the "
        "provider's own firewall lets your address in."
    )

    def failed(seen: str) -> Check:
        return Check(target.name, "SSH port", "fail", seen, rule, "pulumi up would wait for minutes and fail.", fix)

    try:
        with socket.create_connection((target.address or "", target.port), SECONDS) as connection:
            connection.settimeout(SECONDS)
            greeting = connection.recv(255)
    except ConnectionRefusedError:
        return failed(f"{place} refuses connections")
    except TimeoutError:
        return failed(f"{place} says nothing within {SECONDS} s")
    except OSError as error:
        return failed(f"{place}: {error.strerror or error}")
    if not greeting.startswith(b"SSH-2.0-"):
        return failed(f"{place} is no SSH server: {greeting[:40]!r}" if greeting else f"{place} hangs up at once")
    return Check(target.name, "SSH port", "ok", greeting.decode("ascii", "replace").strip(), rule)


def host_key(target: Target) -> Check:
    """Whether the host's ed25519 key is the pinned one."""
    rule = "A host shows the host key that is pinned in its settings."
    shown = _shown(target)
    if shown is None:
        return Check(
            target.name,
            "host key",
            "fail",
            "it shows no ed25519 host key",
            rule,
            "Its identity could not be checked, so nothing is sent to it.",
            "Make one on the provider's console: ssh-keygen -A, then restart sshd.",
        )
    pinned = (target.host_key or "").split()[1]
    if shown != pinned:
        return Check(
            target.name,
            "host key",
            "fail",
            f"it shows {fingerprint(shown)}, pinned is {fingerprint(pinned)}",
            rule,
            "Another machine answers there, or it was reinstalled: keys and passwords would be handed to it.",
            "Compare with the provider's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. Only if that shows "
            "the first one, set nodes.*.hostKey to the new key.",
        )
    return Check(target.name, "host key", "ok", fingerprint(shown), rule)


def fingerprint(key: str) -> str:
    """SHA256:... of a base64 public key, as ssh-keygen -l shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode().rstrip("=")


def _shown(target: Target) -> str | None:
    try:
        done = subprocess.run(
            ["ssh-keyscan", "-T", str(SECONDS), "-t", "ed25519", "-p", str(target.port), target.address or ""],
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    keys = [line.split() for line in done.stdout.splitlines() if not line.startswith("#")]
    return next((key[2] for key in keys if len(key) >= 3 and key[1] == "ssh-ed25519"), None)
