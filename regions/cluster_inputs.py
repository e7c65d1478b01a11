"""What a site's machines are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from regions.contract import SharedOutputs
from regions.inputs import SecretInput
from regions.references import Peer
from regions.servers import Server
from settings.platform import Platform
from settings.secrets import SSH_PRIVATE_KEY
from settings.stacks import SiteStack


@dataclass(frozen=True, kw_only=True)
class ClusterInputs:
    """What is known late: keys and tokens of the shared stack, and where nodes are dialled.

    `servers` are this region's own, by node name. `addresses` are those of the other sites, one output a site;
    a node that is in none is not up yet.
    """

    mesh_private_keys: pulumi.Output[Mapping[str, str]]
    mesh_public_keys: pulumi.Output[Mapping[str, str]]
    addresses: Sequence[pulumi.Output[Mapping[str, str]]]
    servers: Mapping[str, Server]
    k3s_tokens: pulumi.Output[Mapping[str, Mapping[str, str]]]
    ssh_private_key: pulumi.Output[str] | None
    snapshots_to_r2: bool


def cluster_inputs(
    platform: Platform,
    stack: SiteStack,
    shared: Peer[SharedOutputs],
    addresses: Sequence[pulumi.Output[Mapping[str, str]]],
    servers: Mapping[str, Server],
    secret_input: SecretInput,
) -> ClusterInputs:
    """What a site's machines are made from: `addresses` of the other sites, `servers` of its own."""
    return ClusterInputs(
        mesh_private_keys=shared.output("mesh_private_keys"),
        mesh_public_keys=shared.output("mesh_public_keys"),
        addresses=addresses,
        servers=servers,
        k3s_tokens=shared.output("k3s_tokens"),
        ssh_private_key=secret_input(SSH_PRIVATE_KEY) if stack.ssh.auth == "key" else None,
        snapshots_to_r2=platform.backups.enabled,
    )
