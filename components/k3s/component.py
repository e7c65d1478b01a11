"""A K3s cluster with embedded etcd over given nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi_command import remote

from components.k3s.config import ClusterConfig, Snapshots, agent_config, render, server_config
from components.k3s.kubeconfig import api_url, rewritten
from components.node.connection import SshConnection
from components.node.remote_script import RemoteScriptArgs, remote_script

SCRIPTS: Final = Path(__file__).parent / "scripts"

FETCH_TIMEOUT: Final = 1500
"""Seconds: two downloads of 600 at most, after up to 300 behind another script."""

CONVERGE_TIMEOUT: Final = 1500
"""Seconds: up to 300 behind another script, 120 for the other servers, twice 300 for a start and a rollback."""

START_SECONDS: Final = 300
"""A server starts in about a minute; a joining one also fetches the system's images over a slow link."""

OTHERS_SECONDS: Final = 120
"""A node that just restarted counts as not ready for up to 40 s (Kubernetes' node monitor grace period)."""

READ_TIMEOUT: Final = 330


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
    on the hosts. `mirror` serves `<mirror>/<tag>/k3s` and `<mirror>/<tag>/install.sh` instead of GitHub.
    The tokens (secret) are fixed at the cluster's birth. Raising `revision` runs every script again:
    after repairs by hand, and within the 365 days that the kubeconfig's certificate is valid.
    `after` is done first. Raises ValueError for an even number of servers or a name given twice.
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


class K3sCluster(pulumi.ComponentResource):
    """`kubeconfig` (secret) is the administrator's; `api` is the URL it names."""

    kubeconfig: pulumi.Output[str]
    api: pulumi.Output[str]

    def __init__(self, name: str, args: K3sArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:k3s:K3sCluster", name, None, opts)
        self._prefix = name
        self._args = args
        self._config = _cluster_config(args)
        self._urls = [pulumi.Output.from_input(node.address).apply(api_url) for node in args.servers]
        first, *others = args.servers

        staged = {node.name: self._staged(node) for node in (*args.servers, *args.agents)}
        servers = [self._server(first, "", [staged[first.name]])]
        # The CA's hash goes with every join, so that no node joins somebody else's cluster.
        ca = self._read("ca-hash", [servers[0]], {})
        ca_hash = ca.stdout.apply(str.strip)
        for node in others:
            servers.append(self._server(node, ca_hash, [staged[node.name], servers[-1]]))
        for node in args.agents:
            self._agent(node, ca_hash, [staged[node.name], servers[-1]])

        self.kubeconfig = self._kubeconfig(servers)
        self.api = self._urls[0]
        self.register_outputs({"kubeconfig": self.kubeconfig, "api": self.api})

    def _staged(self, node: K3sNode) -> remote.Command:
        """The release on the host's disk: on all hosts at once, since nothing that runs is touched."""
        return remote_script(
            f"{self._prefix}-{node.name}-fetch",
            RemoteScriptArgs(
                script=SCRIPTS / "fetch.sh",
                connection=node.connection,
                variables={
                    "RELEASE": self._args.release,
                    "BINARY_SHA256": self._args.binary_sha256,
                    "INSTALLER_SHA256": self._args.installer_sha256,
                    "MIRROR": self._args.mirror or "",
                },
                timeout_seconds=FETCH_TIMEOUT,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after)),
        )

    def _server(self, node: K3sNode, ca_hash: pulumi.Input[str], after: Sequence[pulumi.Resource]) -> remote.Command:
        config = pulumi.Output.all(self._config, node.address).apply(
            lambda known: render(server_config(known[0], node.name, known[1]))
        )
        peers = [url for url, server in zip(self._urls, self._args.servers, strict=True) if server is not node]
        tokens = pulumi.Output.format("{}\n{}\n", self._args.server_token, self._args.agent_token)
        return self._converged(node, "server", config, peers, ca_hash, tokens, after)

    def _agent(self, node: K3sNode, ca_hash: pulumi.Input[str], after: Sequence[pulumi.Resource]) -> None:
        config = pulumi.Output.all(self._config, node.address).apply(
            lambda known: render(agent_config(known[0], node.name, known[1]))
        )
        tokens = pulumi.Output.format("\n{}\n", self._args.agent_token)
        self._converged(node, "agent", config, self._urls, ca_hash, tokens, after)

    def _converged(
        self,
        node: K3sNode,
        role: str,
        config: pulumi.Input[str],
        peers: Sequence[pulumi.Input[str]],
        ca_hash: pulumi.Input[str],
        tokens: pulumi.Output[str],
        after: Sequence[pulumi.Resource],
    ) -> remote.Command:
        return remote_script(
            f"{self._prefix}-{node.name}",
            RemoteScriptArgs(
                script=SCRIPTS / "k3s.sh",
                connection=node.connection,
                variables={
                    "ROLE": role,
                    "NODE_NAME": node.name,
                    "RELEASE": self._args.release,
                    "CONFIG": config,
                    "JOIN_URLS": pulumi.Output.all(*peers).apply(" ".join),
                    "CA_HASH": ca_hash,
                    "START_SECONDS": str(START_SECONDS),
                    "OTHERS_SECONDS": str(OTHERS_SECONDS),
                    "REVISION": str(self._args.revision),
                },
                stdin=pulumi.Output.secret(tokens),
                timeout_seconds=CONVERGE_TIMEOUT,
                confidential=True,
            ),
            pulumi.ResourceOptions(
                parent=self, protect=self._args.protect and role == "server", depends_on=list(after)
            ),
        )

    def _read(self, what: str, after: Sequence[pulumi.Resource], variables: dict[str, str]) -> remote.Command:
        """The output of `scripts/<what>.sh` on the first server."""
        return remote_script(
            f"{self._prefix}-{what}",
            RemoteScriptArgs(
                script=SCRIPTS / f"{what}.sh",
                connection=self._args.servers[0].connection,
                variables={"REVISION": str(self._args.revision), **variables},
                timeout_seconds=READ_TIMEOUT,
                confidential=True,
            ),
            pulumi.ResourceOptions(
                parent=self,
                depends_on=list(after),
                additional_secret_outputs=["stdout"] if what == "kubeconfig" else None,
            ),
        )

    def _kubeconfig(self, servers: Sequence[remote.Command]) -> pulumi.Output[str]:
        # K3s renews the certificate inside when it restarts, which a new release does.
        read = self._read("kubeconfig", servers, {"RELEASE": self._args.release})

        def text(known: list[Any]) -> str:
            return rewritten(known[0], known[1], self._prefix)

        return pulumi.Output.secret(pulumi.Output.all(read.stdout, self._args.servers[0].address).apply(text))


def _cluster_config(args: K3sArgs) -> pulumi.Output[ClusterConfig]:
    def build(addresses: list[str]) -> ClusterConfig:
        mesh = [node.mesh_address for node in args.servers if node.mesh_address is not None]
        return ClusterConfig(
            region_label=args.region_label,
            zone=args.zone,
            pod_cidr=args.pod_cidr,
            service_cidr=args.service_cidr,
            flannel_backend=args.flannel_backend,
            nodeport_cidrs=tuple(args.nodeport_cidrs),
            names=(*addresses, *mesh, *(node.name for node in args.servers), *args.api_names),
            disable=tuple(args.disable),
            snapshots=args.snapshots,
        )

    return pulumi.Output.all(*(node.address for node in args.servers)).apply(build)
