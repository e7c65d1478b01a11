"""One host as a node: base system and firewall, over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi

from components.node.connection import SshConnection
from components.node.firewall import Firewall, ruleset
from components.node.remote_script import RemoteScriptArgs, remote_script

SCRIPTS: Final = Path(__file__).parent / "scripts"

BASE_TIMEOUT: Final = 1200
"""Seconds: on a fresh host cloud-init and its first update of all packages come before ours."""

FIREWALL_TIMEOUT: Final = 120
REVERT_AFTER: Final = 300
"""Seconds until an unconfirmed ruleset is undone: long enough for the second connection to be dialled
among many others, short enough to wait for after a mistake."""


@dataclass(frozen=True, kw_only=True)
class NodeArgs:
    """A Debian or Ubuntu host that exists already.

    `peer_addresses` are the public addresses of the other nodes of its cluster; nodes of other regions
    come in through the mesh and are not among them. `http_cidrs` may be empty: then 80 and 443 are
    closed. `ssh_port` is the port that sshd listens on, which behind a port forwarding is not the
    connection's. `after` is done first.
    """

    connection: SshConnection
    hostname: str
    admin_cidrs: Sequence[str]
    http_cidrs: Sequence[str]
    peer_addresses: Sequence[pulumi.Input[str]]
    mesh_port: int
    mesh_interface: str
    protect: bool
    ssh_port: int = 22
    after: Sequence[pulumi.Resource] = ()


class Node(pulumi.ComponentResource):
    """A host with its base system, and a firewall that is undone unless a new connection passes it.

    `hostname` and `connection` are those of the arguments. Whatever works on the host after this names
    the component in `depends_on` or `after`.
    """

    hostname: str
    connection: SshConnection

    def __init__(self, name: str, args: NodeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:node:Node", name, None, opts)
        self.hostname = args.hostname
        self.connection = args.connection

        base = remote_script(
            f"{name}-base",
            RemoteScriptArgs(
                script=SCRIPTS / "base.sh",
                connection=args.connection,
                variables={"NODE_NAME": args.hostname},
                timeout_seconds=BASE_TIMEOUT,
            ),
            pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=list(args.after)),
        )
        before: pulumi.Resource = base
        rules = _ruleset(args)
        for step, resource in (("apply", f"{name}-firewall"), ("confirm", f"{name}-firewall-confirm")):
            before = remote_script(
                resource,
                RemoteScriptArgs(
                    script=SCRIPTS / "firewall.sh",
                    connection=args.connection,
                    variables={"STEP": step, "REVERT_SECONDS": str(REVERT_AFTER)},
                    stdin=rules,
                    timeout_seconds=FIREWALL_TIMEOUT,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=[before]),
            )
        self.register_outputs({"hostname": self.hostname})


def _ruleset(args: NodeArgs) -> pulumi.Output[str]:
    def render(peers: list[str]) -> str:
        return ruleset(
            Firewall(
                admin_cidrs=args.admin_cidrs,
                http_cidrs=args.http_cidrs,
                peer_addresses=peers,
                ssh_port=args.ssh_port,
                mesh_port=args.mesh_port,
                mesh_interface=args.mesh_interface,
            )
        )

    return pulumi.Output.all(*args.peer_addresses).apply(render)
