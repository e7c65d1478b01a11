"""The Pulumi program of the tests: the components for as many regions as a file lists, as a region stack has them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pulumi

from components.k3s import K3sArgs, K3sCluster, K3sNode
from components.network import Mesh, MeshArgs, MeshNode, MeshPeer, public_key
from components.node import Node, NodeArgs, SshConnection

VARIABLE: Final = "OPENOVA_HOSTS_PLAN"
INTERFACE: Final = "openova0"
PORT: Final = 51871

Plan = Mapping[str, Any]
"""What `tests.hosts.lab.plan` gives: hosts, keys, which regions are `up` and whose endpoints each one `knows`."""


def main() -> None:
    """The program of the stack. Raises KeyError without the variable that names the plan's file."""
    plan = json.loads(Path(os.environ[VARIABLE]).read_text())
    for region in plan["regions"]:
        if region["code"] in plan["up"]:
            cluster = build(plan, region)
            if cluster is not None:
                pulumi.export(f"{region['code']}-kubeconfig", cluster.kubeconfig)


def build(plan: Plan, region: Plan) -> K3sCluster | None:
    """One region: nodes, their side of the mesh, and K3s on them unless the plan ends before."""
    hosts = region["hosts"]
    nodes = [_node(plan, host, hosts) for host in hosts]
    mesh = Mesh(
        f"{region['code']}-mesh",
        MeshArgs(
            nodes=[
                MeshNode(
                    name=host["name"],
                    connection=_connection(plan, host),
                    mesh_address=host["mesh_address"],
                    private_key=pulumi.Output.secret(host["mesh_key"]),
                )
                for host in hosts
            ],
            peers=[
                _peer(host, other["code"] in region["knows"]) for other in plan["regions"] for host in other["hosts"]
            ],
            port=PORT,
            interface=INTERFACE,
            revision=plan["revision"],
            after=nodes,
        ),
    )
    return _k3s(plan, region, [*nodes, mesh]) if plan["release"] else None


def _connection(plan: Plan, host: Plan) -> SshConnection:
    return SshConnection(
        host=host["address"],
        host_key=host["host_key"],
        user=host["user"],
        private_key=pulumi.Output.secret(plan["login"]),
        dial_error_limit=plan["dials"],
    )


def _node(plan: Plan, host: Plan, hosts: Sequence[Plan]) -> Node:
    return Node(
        host["name"],
        NodeArgs(
            connection=_connection(plan, host),
            hostname=host["name"],
            admin_cidrs=plan["admin_cidrs"],
            http_cidrs=(),
            peer_addresses=[other["address"] for other in hosts if other is not host],
            mesh_port=PORT,
            mesh_interface=INTERFACE,
            protect=True,
        ),
    )


def _peer(host: Plan, known: bool) -> MeshPeer:
    return MeshPeer(
        name=host["name"],
        mesh_address=host["mesh_address"],
        public_key=public_key(host["mesh_key"]),
        endpoint=host["address"] if known else None,
    )


def _k3s(plan: Plan, region: Plan, after: Sequence[pulumi.Resource]) -> K3sCluster:
    return K3sCluster(
        f"{region['code']}-k3s",
        K3sArgs(
            servers=_k3s_nodes(plan, region, "server"),
            agents=_k3s_nodes(plan, region, "agent"),
            region_label=region["name"],
            release=plan["release"]["tag"],
            binary_sha256=plan["release"]["binary_sha256"],
            installer_sha256=plan["release"]["installer_sha256"],
            images_sha256=plan["release"]["images_sha256"],
            mirror=plan["mirror"],
            api_through=region.get("api_through"),
            pod_cidr="10.42.0.0/16",
            service_cidr="10.43.0.0/16",
            nodeport_cidrs=(region["mesh"],),
            server_token=pulumi.Output.secret(region["server_token"]),
            agent_token=pulumi.Output.secret(region["agent_token"]),
            disable=plan["disable"],
            protect=True,
            after=after,
        ),
    )


def _k3s_nodes(plan: Plan, region: Plan, role: str) -> list[K3sNode]:
    return [
        K3sNode(
            name=host["name"],
            connection=_connection(plan, host),
            address=host["address"],
            mesh_address=host["mesh_address"],
        )
        for host in region["hosts"]
        if host.get("role", "server") == role
    ]
