"""The databases' names inside a cluster, so that public DNS is in nobody's failover path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapInitArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.names.corefile import render

CONFIG_MAP: Final = "coredns-custom"
"""K3s mounts this ConfigMap of kube-system into CoreDNS and imports its `*.server` files."""

FILE: Final = "databases.server"


@dataclass(frozen=True, kw_only=True)
class DatabaseNamesArgs:
    """The addresses of each name: those of the nodes on the mesh, any of which forwards to the database."""

    hosts: Mapping[str, Sequence[str]]


class DatabaseNames(pulumi.ComponentResource):
    """Host names of databases that resolve to mesh addresses in every pod of the cluster."""

    def __init__(self, name: str, args: DatabaseNamesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:names:DatabaseNames", name, None, opts)
        text = render(args.hosts)
        ConfigMap(
            f"{name}-coredns",
            ConfigMapInitArgs(
                metadata=ObjectMetaArgs(name=CONFIG_MAP, namespace="kube-system"),
                data={FILE: text} if text else {},
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"hosts": sorted(args.hosts)})
