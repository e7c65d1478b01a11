"""The encrypted network among all nodes of all regions, the side of one region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pulumi

from components.network.wireguard import Peer, public_key, render
from components.node.connection import SshConnection
from components.node.remote_script import RemoteScriptArgs, remote_script

SCRIPT: Final = Path(__file__).parent / "scripts" / "mesh.sh"
TIMEOUT: Final = 420
"""Seconds: the script installs two packages at most, after up to 300 s behind another script."""

DEFAULT_MTU: Final = 1380
"""Bytes. WireGuard adds 80 at most (IPv6 40, UDP 8, its own 32): 1380 fits a path of 1460, which is what
clouds and tunnels on the way leave of 1500. A packet too large would be lost without a word on paths
that filter ICMP; the price is 3 % of the payload."""


@dataclass(frozen=True, kw_only=True)
class MeshNode:
    """A node of this region. `private_key` (secret) is 32 bytes in base64."""

    name: str
    connection: SshConnection
    mesh_address: str
    private_key: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class MeshPeer:
    """A node of any region as the others see it. `endpoint` is its public address or name without
    a port; None or empty while its region is not up yet."""

    name: str
    mesh_address: str
    public_key: pulumi.Input[str]
    endpoint: pulumi.Input[str | None]


@dataclass(frozen=True, kw_only=True)
class MeshArgs:
    """`nodes` are this region's; `peers` are the nodes of all regions, these among them. Where all of a large mesh
    is known late, `peers` is one value, which costs less than two for each node.

    `mtu` is in bytes. `revision` is that of the keys: raising it where they are made replaces them all,
    and sessions between a node that has its new key and one that has not are down until both have.
    `after` is done first: the nodes, whose firewall has to let the mesh's UDP port in.
    """

    nodes: Sequence[MeshNode]
    peers: Sequence[MeshPeer] | pulumi.Output[Sequence[Peer]]
    port: int
    interface: str
    revision: int
    mtu: int = DEFAULT_MTU
    after: Sequence[pulumi.Resource] = ()


class Mesh(pulumi.ComponentResource):
    """A full WireGuard mesh: `addresses` gives this region's mesh addresses by node name."""

    addresses: Mapping[str, str]

    def __init__(self, name: str, args: MeshArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:network:Mesh", name, None, opts)
        everybody = _everybody(args)
        for node in args.nodes:
            remote_script(
                f"{name}-{node.name}",
                RemoteScriptArgs(
                    script=SCRIPT,
                    connection=node.connection,
                    variables={"MESH_INTERFACE": args.interface},
                    stdin=_configuration(node, args, everybody),
                    timeout_seconds=TIMEOUT,
                    confidential=True,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
        self.addresses = {node.name: node.mesh_address for node in args.nodes}
        self.register_outputs({"addresses": self.addresses})


def _check(nodes: Sequence[MeshNode], listed: Sequence[str]) -> None:
    for node in nodes:
        if listed.count(node.name) != 1:
            raise ValueError(
                "The mesh's list of peers names each node of all regions once. "
                f"{node.name} stands there {listed.count(node.name)} times, so others would not know it, or take "
                "it for two. Build 'peers' from the nodes of all regions."
            )


def _everybody(args: MeshArgs) -> pulumi.Output[list[Peer]]:
    """All nodes of all regions, waited for once and not once a node."""

    def checked(peers: Sequence[Peer]) -> list[Peer]:
        _check(args.nodes, [peer.name for peer in peers])
        return list(peers)

    if isinstance(args.peers, pulumi.Output):
        return args.peers.apply(checked)
    _check(args.nodes, [peer.name for peer in args.peers])
    peers = [
        {
            "name": peer.name,
            "mesh_address": peer.mesh_address,
            "public_key": peer.public_key,
            "endpoint": peer.endpoint,
        }
        for peer in args.peers
    ]
    return pulumi.Output.all(*peers).apply(lambda known: [Peer(**peer) for peer in known])


def _configuration(node: MeshNode, args: MeshArgs, everybody: pulumi.Output[list[Peer]]) -> pulumi.Output[str]:
    def text(known: Sequence[Any]) -> str:
        private_key, peers = known
        own = next(peer for peer in peers if peer.name == node.name)
        if public_key(private_key) != own.public_key:
            raise ValueError(
                f"The other nodes know {node.name} by the public half of its private key. The two given do not "
                "belong together, so nobody would talk to it. Take both from the same mesh keys."
            )
        return render(
            private_key,
            node.mesh_address,
            [peer for peer in peers if peer.name != node.name],
            port=args.port,
            mtu=args.mtu,
            revision=args.revision,
        )

    return pulumi.Output.all(pulumi.Output.secret(node.private_key), everybody).apply(text)
