"""A region's machines: nodes, their side of the mesh, and K3s on them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from components.guard.barrier import NodeBarriers, NodeBarriersArgs
from components.k3s import K3sArgs, K3sCluster, K3sNode, Snapshots
from components.network import Mesh, MeshArgs, MeshNode, Peer
from components.node import DIALS_TO_A_RUNNING_HOST, DIALS_TO_AN_ORDERED_HOST, Node, NodeArgs, SshConnection
from regions.cluster_inputs import ClusterInputs
from settings.naming import MESH_INTERFACE, mesh_address, web_clients
from settings.platform import Platform, SiteLine
from settings.stacks import SiteStack

ETCD_SNAPSHOT_SECRET = "etcd-snapshots"  # noqa: S105 the name of a Secret


class RegionCluster(pulumi.ComponentResource):
    """`provider` speaks to the region's Kubernetes API; `kubeconfig` is secret."""

    provider: kubernetes.Provider
    kubeconfig: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        platform: Platform,
        line: SiteLine,
        stack: SiteStack,
        late: ClusterInputs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("openova:regions:RegionCluster", name, None, opts)
        self._name, self._platform, self._line, self._stack, self._late = name, platform, line, stack, late
        nodes = [self._node(node) for node in line.nodes]
        mesh = self._mesh(nodes)
        barriers = self._barriers(nodes)
        k3s = self._k3s([*nodes, mesh, barriers])
        self.kubeconfig = k3s.kubeconfig
        self.provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=k3s.kubeconfig,
            # Without it a new kubeconfig (they expire, or another server is chosen) would replace the provider and
            # everything made with it.
            cluster_identifier=f"openova-{line.code}",
            # Without them a changed Secret or ConfigMap is deleted and made again, with a gap between.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"kubeconfig": self.kubeconfig})

    def _node(self, node: str) -> Node:
        stack = self._stack
        others = [server.address for name, server in self._late.servers.items() if name != node]
        return Node(
            f"{self._name}-{node}",
            NodeArgs(
                connection=self._connection(node),
                hostname=node,
                admin_cidrs=stack.admin_cidrs,
                http_cidrs=web_clients(self._platform, stack),
                peer_addresses=others,
                mesh_port=self._platform.mesh.port,
                mesh_interface=MESH_INTERFACE,
                protect=stack.protect,
                ssh_port=stack.nodes[node].ssh_port or stack.ssh.port,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _connection(self, node: str) -> SshConnection:
        settings = self._stack.nodes[node]
        ordered = settings.provisioning == "order"
        return SshConnection(
            host=self._late.servers[node].address,
            host_key=self._late.servers[node].host_key,
            port=settings.ssh_port or self._stack.ssh.port,
            user=self._stack.ssh.user,
            private_key=self._late.ssh_private_key,
            dial_error_limit=DIALS_TO_AN_ORDERED_HOST if ordered else DIALS_TO_A_RUNNING_HOST,
        )

    def _barriers(self, nodes: Sequence[Node]) -> NodeBarriers:
        args = NodeBarriersArgs(
            nodes={node: self._connection(node) for node in self._line.nodes},
            pods=self._line.networks.pods,
            guarded=self._platform.guarded,
            after=nodes,
        )
        return NodeBarriers(f"{self._name}-barriers", args, pulumi.ResourceOptions(parent=self))

    def _mesh(self, nodes: Sequence[Node]) -> Mesh:
        late, mesh = self._late, self._platform.mesh
        return Mesh(
            f"{self._name}-mesh",
            MeshArgs(
                nodes=[
                    MeshNode(
                        name=node,
                        connection=self._connection(node),
                        mesh_address=mesh_address(self._line, node),
                        private_key=_entry(late.mesh_private_keys, node),
                    )
                    for node in self._line.nodes
                ],
                peers=self._peers(),
                port=mesh.port,
                interface=MESH_INTERFACE,
                revision=mesh.revision,
                mtu=mesh.mtu,
                after=nodes,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _peers(self) -> pulumi.Output[Sequence[Peer]]:
        """All nodes of all sites. A node of another site has no endpoint until its site was brought up."""
        own = pulumi.Output.all(**{node: server.address for node, server in self._late.servers.items()})
        late = pulumi.Output.all(self._late.mesh_public_keys, own, *self._late.addresses)
        sites = self._platform.sites

        def peers(known: Sequence[Mapping[str, str]]) -> list[Peer]:
            keys, *addresses = known
            endpoints = ChainMap(*map(dict, addresses))
            return [
                Peer(
                    name=node,
                    mesh_address=mesh_address(line, node),
                    public_key=keys[node],
                    endpoint=endpoints.get(node),
                )
                for line in sites
                for node in line.nodes
            ]

        return late.apply(peers)

    def _k3s(self, after: Sequence[pulumi.Resource]) -> K3sCluster:
        stack, line = self._stack, self._line
        tokens = self._late.k3s_tokens
        return K3sCluster(
            f"{self._name}-k3s",
            K3sArgs(
                servers=self._k3s_nodes("server"),
                agents=self._k3s_nodes("agent"),
                region_label=line.name,
                zone=line.code,
                release=stack.k3s.version,
                binary_sha256=stack.k3s.binary_sha256,
                installer_sha256=stack.k3s.installer_sha256,
                images_sha256=stack.k3s.images_sha256,
                mirror=stack.k3s.mirror,
                api_through=stack.k3s.api_through,
                pod_cidr=line.networks.pods,
                service_cidr=line.networks.services,
                nodeport_cidrs=(line.networks.mesh,),
                server_token=tokens.apply(lambda every: every[line.code]["server"]),
                agent_token=tokens.apply(lambda every: every[line.code]["agent"]),
                snapshots=Snapshots(s3_config_secret=ETCD_SNAPSHOT_SECRET if self._late.snapshots_to_r2 else None),
                protect=stack.protect,
                after=after,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _k3s_nodes(self, role: str) -> list[K3sNode]:
        return [
            K3sNode(
                name=node,
                connection=self._connection(node),
                address=self._late.servers[node].address,
                mesh_address=mesh_address(self._line, node),
            )
            for node in self._line.nodes
            if self._stack.nodes[node].role == role
        ]


def _entry(values: pulumi.Output[Mapping[str, str]], node: str) -> pulumi.Output[str]:
    return values.apply(lambda every: every[node])
