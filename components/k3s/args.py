"""What a cluster is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi

from components.k3s.config import Snapshots
from components.node.connection import SshConnection


@dataclass(frozen=True, kw_only=True)
class K3sNode:
    """A host of the cluster. `address` is its public IP address, which the other nodes reach."""

    name: str
    connection: SshConnection
    address: pulumi.Input[str]
    mesh_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class K3sArgs:
    """One cluster in one region.

    `servers` is an odd number of nodes; the first starts the cluster and the others join it. Where the
    first one is lost, put another that runs in its place. `nodeport_cidrs` limit NodePorts to addresses
    of the node inside them (the region's mesh network; loopback closes them). `release` is a tag such as
    v1.34.2+k3s1; `binary_sha256` and `installer_sha256` pin its `k3s` and `install.sh`, and are checked
    on the hosts. With `images_sha256` the archive of the system's images is fetched as well, and nothing of it from
    a registry. `mirror` serves `k3s`, `install.sh` and that archive under `<mirror>/<tag>/` instead of GitHub.
    `api_through` names the server whose API the kubeconfig's current context is; by default the first.
    The tokens (secret) are fixed at the cluster's birth. Raising `revision` runs every script again:
    after repairs by hand, and within the 365 days that the kubeconfig's certificate is valid.
    `after` is done first. Raises ValueError for an even number of servers, a name given twice, or an `api_through`
    that is no server.
    """

    servers: Sequence[K3sNode]
    agents: Sequence[K3sNode]
    region_label: str
    release: str
    binary_sha256: str
    installer_sha256: str
    pod_cidr: str
    service_cidr: str
    nodeport_cidrs: Sequence[str]
    server_token: pulumi.Input[str]
    agent_token: pulumi.Input[str]
    protect: bool
    zone: str | None = None
    api_names: Sequence[str] = ()
    disable: Sequence[str] = ()
    flannel_backend: str = "wireguard-native"
    snapshots: Snapshots = field(default_factory=Snapshots)
    mirror: str | None = None
    images_sha256: str = ""
    api_through: str | None = None
    revision: int = 1
    after: Sequence[pulumi.Resource] = ()

    def __post_init__(self) -> None:
        if len(self.servers) % 2 == 0:
            raise ValueError(
                "etcd needs an odd number of servers. "
                f"With {len(self.servers)}, one loss more than with one server less stops the cluster. "
                "Set 'servers' to 1, 3 or 5 nodes and make the others agents."
            )
        names = [node.name for node in (*self.servers, *self.agents)]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"A node is in a cluster once. {', '.join(doubled)} stands twice among servers and agents, so two "
                "scripts would fight over it. Take it out of one of them."
            )
        if self.api_through is not None and self.api_through not in [node.name for node in self.servers]:
            raise ValueError(
                f"Servers alone serve the API. {self.api_through} is none of them, so nobody would answer there. "
                f"Set 'api_through' to one of {', '.join(node.name for node in self.servers)}, or leave it out."
            )

    @property
    def current(self) -> K3sNode:
        """The server that `api_through` names."""
        return next(node for node in self.servers if self.api_through in (None, node.name))
