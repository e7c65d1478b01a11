"""The encrypted network between the nodes of all regions."""

from components.network.component import DEFAULT_MTU, Mesh, MeshArgs, MeshNode, MeshPeer
from components.network.wireguard import Peer, public_key, render

__all__ = ["DEFAULT_MTU", "Mesh", "MeshArgs", "MeshNode", "MeshPeer", "Peer", "public_key", "render"]
