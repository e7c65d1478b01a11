"""WireGuard keys and configuration: pure functions."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEEPALIVE: Final = 25
"""Seconds between packets to a silent peer: below the 30 s after which common NATs forget a UDP flow."""

_KEY_BYTES: Final = 32


@dataclass(frozen=True, kw_only=True)
class Peer:
    """The other end of a tunnel. `endpoint` is its public address or name; None while nobody knows it."""

    name: str
    mesh_address: str
    public_key: str
    endpoint: str | None


def public_key(private_key: str) -> str:
    """The public key (base64) of a private key: 32 bytes as base64, clamped or not. Raises ValueError."""
    key = X25519PrivateKey.from_private_bytes(_bytes(private_key))
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def clamped(private_key: str) -> str:
    """The same key as WireGuard keeps it (RFC 7748, section 5). Raises ValueError.

    Given an unclamped key, the kernel takes each `wg syncconf` for a change of identity and ends the
    sessions of all peers.
    """
    key = bytearray(_bytes(private_key))
    key[0] &= 248
    key[31] = (key[31] & 127) | 64
    return base64.b64encode(key).decode()


def render(private_key: str, mesh_address: str, peers: Sequence[Peer], *, port: int, mtu: int, revision: int) -> str:
    """One node's configuration for wg-quick (secret: it holds the private key).

    Each peer may use exactly its own mesh address. A peer without an endpoint is known by its key and
    waits to be dialled by; the others are kept awake, so that whichever side comes later finds the way.
    Raises ValueError for a bad key or address, and where two peers share an address.
    """
    used = {str(ipaddress.ip_address(mesh_address)): "this node"}
    blocks = [
        [
            "[Interface]",
            f"# revision {revision}",
            f"Address = {_host(mesh_address)}",
            f"ListenPort = {port}",
            f"MTU = {mtu}",
            f"PrivateKey = {clamped(private_key)}",
        ]
    ]
    for peer in sorted(peers, key=lambda peer: peer.name):
        address = str(ipaddress.ip_address(peer.mesh_address))
        if address in used:
            raise ValueError(
                f"A mesh address belongs to one node. {address} is that of {used[address]} and of {peer.name}, "
                "so WireGuard would send both nodes' packets to the last one. Give each node its own 'mesh_address'."
            )
        used[address] = peer.name
        blocks.append(_peer(peer, port))
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _peer(peer: Peer, port: int) -> list[str]:
    _bytes(peer.public_key)
    lines = [
        "[Peer]",
        f"# {peer.name}",
        f"PublicKey = {peer.public_key}",
        f"AllowedIPs = {_host(peer.mesh_address)}",
    ]
    if peer.endpoint:
        host = f"[{peer.endpoint}]" if ":" in peer.endpoint else peer.endpoint
        lines += [f"Endpoint = {host}:{port}", f"PersistentKeepalive = {KEEPALIVE}"]
    return lines


def _host(address: str) -> str:
    """`10.99.1.1/32`: the network that holds just this address."""
    return str(ipaddress.ip_network(address))


def _bytes(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise ValueError(
            "A WireGuard key is 32 bytes in base64 (44 characters). This one is not, so the interface would not "
            "come up. Take it from the mesh keys of the shared stack."
        )
    return raw
