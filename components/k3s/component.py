"""A K3s cluster with embedded etcd over given nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi_command import remote

from components.k3s.args import K3sArgs, K3sNode
from components.k3s.config import ClusterConfig, agent_config, render, server_config
from components.k3s.kubeconfig import api_url, rewritten
from components.node.remote_script import RemoteScriptArgs, remote_script

SCRIPTS: Final = Path(__file__).parent / "scripts"

FETCH_TIMEOUT: Final = 2100
"""Seconds: three downloads of 600 at most, after up to 300 behind another script."""

CONVERGE_TIMEOUT: Final = 1500
"""Seconds: up to 300 behind another script, 120 for the other servers, twice 300 for a start and a rollback."""

START_SECONDS: Final = 300
"""A server starts in about a minute; a joining one also fetches the system's images over a slow link."""

OTHERS_SECONDS: Final = 120
"""A node that just restarted counts as not ready for up to 40 s (Kubernetes' node monitor grace period)."""

READ_TIMEOUT: Final = 330


class K3sCluster(pulumi.ComponentResource):
    """`kubeconfig` (secret) is the administrator's, with a context for each server; `api` is the current one's URL.

    Nothing that runs on a host depends on which one is current: while the first server is down, another choice
    reaches Kubernetes, and no script dials the dead host for it.
    """

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
        self.api = pulumi.Output.from_input(args.current.address).apply(api_url)
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
                    "IMAGES_SHA256": self._args.images_sha256,
                    "MIRROR": self._args.mirror or "",
                },
                timeout_seconds=FETCH_TIMEOUT,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after)),
        )

    def _server(self, node: K3sNode, ca_hash: pulumi.Input[str], after: Sequence[pulumi.Resource]) -> remote.Command:
        config = pulumi.Output.from_input(node.address).apply(
            lambda address: render(server_config(self._config, node.name, address, node.mesh_address))
        )
        peers = [url for url, server in zip(self._urls, self._args.servers, strict=True) if server is not node]
        tokens = pulumi.Output.format("{}\n{}\n", self._args.server_token, self._args.agent_token)
        return self._converged(node, "server", config, peers, ca_hash, tokens, after)

    def _agent(self, node: K3sNode, ca_hash: pulumi.Input[str], after: Sequence[pulumi.Resource]) -> None:
        config = pulumi.Output.from_input(node.address).apply(
            lambda address: render(agent_config(self._config, node.name, address))
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

        addresses = {node.name: node.address for node in self._args.servers}

        def text(known: list[Any]) -> str:
            return rewritten(known[0], known[1] or {}, self._args.current.name, self._prefix)

        return pulumi.Output.secret(pulumi.Output.all(read.stdout, pulumi.Output.all(**addresses)).apply(text))


def _cluster_config(args: K3sArgs) -> ClusterConfig:
    return ClusterConfig(
        region_label=args.region_label,
        zone=args.zone,
        pod_cidr=args.pod_cidr,
        service_cidr=args.service_cidr,
        flannel_backend=args.flannel_backend,
        nodeport_cidrs=tuple(args.nodeport_cidrs),
        api_names=tuple(args.api_names),
        disable=tuple(args.disable),
        snapshots=args.snapshots,
    )
