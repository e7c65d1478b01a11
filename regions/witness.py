"""A witness's stack: a small cluster with one member of the MongoDB replica set, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.names import DatabaseNames, DatabaseNamesArgs
from regions.cluster import RegionCluster
from regions.cluster_inputs import cluster_inputs
from regions.contract import SharedOutputs, SiteOutputs, export
from regions.inputs import SecretInput
from regions.names import database_names
from regions.references import Peer, References
from regions.replica_set import place_mongodb
from regions.servers import Server, servers_of
from regions.snapshots import snapshot_credentials
from settings.platform import Platform, SiteLine
from settings.stacks import WitnessStack
from settings.stated import Addresses


async def compose_witness(
    platform: Platform, stack: WitnessStack, references: References, secret_input: SecretInput
) -> None:
    """Register everything of a witness, and export it. Refuses with RunError before anything is made."""
    shared = await references.shared()
    peers = [await references.site(code) for code in platform.site_codes if code != stack.code]
    addresses = [references.addresses(peer) for peer in peers]
    witness = Witness(f"witness-{stack.code}", WitnessInputs(platform, stack, shared, addresses, secret_input))
    export(
        SiteOutputs(
            addresses={node: server.address for node, server in witness.servers.items()},
            host_keys={node: server.host_key for node, server in witness.servers.items()},
            kubeconfig=witness.kubeconfig,
        )
    )


@dataclass(frozen=True)
class WitnessInputs:
    """Everything that a witness is made from."""

    platform: Platform
    stack: WitnessStack
    shared: Peer[SharedOutputs]
    addresses: list[pulumi.Output[Addresses]]
    secret_input: SecretInput

    @property
    def line(self) -> SiteLine:
        """The witness's line of the shared list."""
        return self.platform.site(self.stack.code)


class Witness(pulumi.ComponentResource):
    """One witness. `kubeconfig` is secret; `servers` are by node name."""

    kubeconfig: pulumi.Output[str]
    servers: Mapping[str, Server]

    def __init__(self, name: str, inputs: WitnessInputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:regions:Witness", name, None, opts)
        platform, stack, code = inputs.platform, inputs.stack, inputs.stack.code
        self.servers = servers_of(code, inputs.line, stack, inputs.secret_input, self)
        cluster = RegionCluster(
            f"{code}-cluster",
            platform,
            inputs.line,
            stack,
            cluster_inputs(
                platform,
                stack,
                inputs.shared,
                inputs.addresses,
                self.servers,
                inputs.secret_input,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.kubeconfig = cluster.kubeconfig
        inside = pulumi.ResourceOptions(parent=self, providers=[cluster.provider])
        DatabaseNames(f"{code}-names", DatabaseNamesArgs(hosts=database_names(platform)), inside)
        if platform.backups.enabled:
            snapshot_credentials(f"{code}-etcd-snapshots", code, inputs.shared, inside)
        place_mongodb(platform, inputs.line, stack, inputs.shared, inside)
        self.register_outputs({"code": code})
