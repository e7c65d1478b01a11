"""Pure validators of the forms that settings have. Each raises `broken(...)` or gives the value back."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable

from settings.problems import broken

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CODE = re.compile(r"[a-z]{2,8}")
_NODE = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?-([1-9][0-9]{0,2})")
_QUANTITY = re.compile(r"[1-9][0-9]*(Ki|Mi|Gi|Ti)")
_CRON = re.compile(r"[0-9A-Z*/,? -]+")
_ED25519_PREFIX = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"
_RESERVED_CODES = frozenset({"shared", "global"})


def fqdn(value: str) -> str:
    """A DNS name of at least two labels, in lower case (RFC 1123)."""
    labels = value.split(".")
    if len(value) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise broken(
            f"{value!r} is not a DNS name such as openova.io.",
            "Records and certificates could not be made for it.",
            "Write the zone's name: lower-case letters, digits and hyphens, at least two labels.",
        )
    return value


def label(value: str) -> str:
    """One DNS label (RFC 1123), as Kubernetes names want it."""
    if not _LABEL.fullmatch(value):
        raise broken(
            f"{value!r} is not a name of lower-case letters, digits and hyphens (63 at most).",
            "Kubernetes, DNS and the replica set would refuse it.",
            "Choose another name, such as europe.",
        )
    return value


def region_code(value: str) -> str:
    """Two to eight lower-case letters; it is also the stack's name."""
    if not _CODE.fullmatch(value) or value in _RESERVED_CODES:
        raise broken(
            f"{value!r} is not a region code: two to eight lower-case letters, not `shared` or `global`.",
            "The code names the region's stack, file (Pulumi.<code>.yaml), servers and host names.",
            "Choose a short code such as eu, in or sg.",
        )
    return value


def node_name(value: str) -> str:
    """A node's name; it ends in the number that also gives its mesh address."""
    match = _NODE.fullmatch(value)
    if match is None or not 1 <= int(match.group(2)) <= 250:
        raise broken(
            f"{value!r} does not end in a number from 1 to 250, as in contabo-eu-1.",
            "The number is the last part of the node's address in the mesh and must never move to another node.",
            "Name the node <provider>-<region>-<number>.",
        )
    return value


def host_key(value: str) -> str:
    """An OpenSSH public key of type ed25519: `ssh-ed25519 <base64 of 51 bytes>`, with or without a comment."""
    kind, _, rest = value.partition(" ")
    blob = rest.split(" ")[0]
    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if kind != "ssh-ed25519" or len(raw) != 51 or not raw.startswith(_ED25519_PREFIX):
        raise broken(
            f"{value[:40]!r} is not an ed25519 host key.",
            "Without a pinned host key anyone on the path could pose as the server and be handed its secrets.",
            "Read it on the server's own console: cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub",
        )
    return f"{kind} {blob}"


def address(value: str) -> str:
    """An IPv4 or IPv6 address."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise broken(
            f"{value!r} is not an IP address.",
            "SSH, the mesh and the load balancer need the address itself; a name could change under them.",
            "Write the server's public IPv4 or IPv6 address.",
        ) from None


def cidr(value: str) -> str:
    """An IP network in CIDR form, without host bits."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise broken(
            f"{value!r} is not a network in CIDR form: {error}.",
            "Firewall and routes would be wrong.",
            "Write the network's own address and its length, such as 198.51.100.0/24.",
        ) from None


def private_cidr(value: str) -> str:
    """An IPv4 network inside RFC 1918 space."""
    network = ipaddress.ip_network(cidr(value))
    private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    if network.version != 4 or not any(network.subnet_of(ipaddress.IPv4Network(block)) for block in private):
        raise broken(
            f"{value!r} is not inside private address space (RFC 1918).",
            "Pods or nodes could not reach the public hosts that own these addresses.",
            "Use a block inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        )
    return str(network)


def quantity(value: str) -> str:
    """A Kubernetes storage quantity with a binary suffix, such as 50Gi."""
    if not _QUANTITY.fullmatch(value):
        raise broken(
            f"{value!r} is not a quantity such as 50Gi.",
            "Kubernetes would refuse the volume.",
            "Write a whole number and Ki, Mi, Gi or Ti.",
        )
    return value


def cron(value: str) -> str:
    """A cron expression of six fields, the first of them seconds, as CloudNativePG wants it."""
    if len(value.split()) != 6 or not _CRON.fullmatch(value):
        raise broken(
            f"{value!r} is not a schedule of six fields: second, minute, hour, day, month, weekday.",
            "CloudNativePG would refuse five fields, or take the minute for the second and run at other times.",
            "Write 0 0 2 * * * for 02:00 every day (UTC).",
        )
    return value


def one_of(known: frozenset[str], what: str, example: str) -> Callable[[str], str]:
    """A validator that accepts the members of `known` only."""

    def check(value: str) -> str:
        if value not in known:
            raise broken(
                f"{value!r} is not a known {what}.",
                "The edge provider would refuse it, or traffic would go by the default order.",
                f"Use a code such as {example}.",
            )
        return value

    return check
