"""The nodes that the doctor examines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """A node as the settings describe it. `address` and `host_key` are None while they are not known.

    `memory` and `disk` are the bytes that K3s and the databases of this configuration want. `peers` are
    names and mesh addresses of the other nodes.
    """

    name: str
    region: str
    address: str | None
    host_key: str | None
    port: int = 22
    user: str = "root"
    server: bool = True
    location: str = ""
    place: str = ""
    memory: int = 0
    disk: int = 0
    mesh_port: int = 51871
    mtu: int = 1380
    http_cidrs: tuple[str, ...] = ()
    peers: tuple[tuple[str, str], ...] = ()
