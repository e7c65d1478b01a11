"""The barrier on the nodes of a region, from the moment they boot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi

from components.guard.ruleset import ruleset
from components.node.connection import SshConnection
from components.node.remote_script import RemoteScriptArgs, remote_script

SCRIPT: Final = Path(__file__).parent / "scripts" / "barrier.sh"
TIMEOUT: Final = 330
"""Seconds: it takes one, after up to 300 behind another script."""


@dataclass(frozen=True, kw_only=True)
class NodeBarriersArgs:
    """`nodes` by name. With `guarded` each boots shut to writers of PostgreSQL; without, what an earlier guard left
    there is taken away, or a node would shut itself with its next boot and nobody would open it. `pods` is the region's
    network of pods. `after` is done first."""

    nodes: Mapping[str, SshConnection]
    pods: str
    guarded: bool
    after: Sequence[pulumi.Resource] = ()


class NodeBarriers(pulumi.ComponentResource):
    """One script a node, before Kubernetes is on it."""

    def __init__(self, name: str, args: NodeBarriersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:guard:NodeBarriers", name, None, opts)
        for node, connection in args.nodes.items():
            remote_script(
                f"{name}-{node}",
                RemoteScriptArgs(
                    script=SCRIPT,
                    connection=connection,
                    stdin=ruleset(args.pods) if args.guarded else "",
                    timeout_seconds=TIMEOUT,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
        self.register_outputs({})
