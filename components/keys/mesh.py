"""The keys of the WireGuard mesh, one pair a node."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_random as random

from components.network.wireguard import public_key


@dataclass(frozen=True, kw_only=True)
class MeshKeysArgs:
    """`nodes` of all regions; raising `revision` replaces every key."""

    nodes: tuple[str, ...]
    revision: int
    protect: bool


class MeshKeys(pulumi.ComponentResource):
    """`private_keys` (secret) and `public_keys` (not secret), base64 by node name.

    A WireGuard private key is 32 random bytes; the public key follows from it.
    """

    private_keys: pulumi.Output[dict[str, str]]
    public_keys: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: MeshKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:keys:MeshKeys", name, None, opts)
        keys = {
            node: random.RandomBytes(
                f"{name}-{node}",
                length=32,
                keepers={"revision": str(args.revision)},
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
            )
            for node in args.nodes
        }
        self.private_keys = pulumi.Output.all(**{node: key.base64 for node, key in keys.items()})
        self.public_keys = pulumi.Output.unsecret(self.private_keys.apply(_public_keys))
        self.register_outputs({"publicKeys": self.public_keys})


def _public_keys(private: dict[str, str]) -> dict[str, str]:
    return {node: public_key(key) for node, key in private.items()}
