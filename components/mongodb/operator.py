"""The operators of MongoDB: Percona's for a set over several regions, MongoDB's own for one region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import pulumi

from components.kubernetes import helm_release, namespace, ready_namespace
from settings.versions import MONGODB_COMMUNITY_CHART, PSMDB_CHART, PSMDB_OPERATOR_IMAGE, HelmChart

Operator = Literal["percona", "community"]


@dataclass(frozen=True, kw_only=True)
class MongodbOperatorArgs:
    """Which operator, and the one namespace that it and its database live in."""

    operator: Operator = "percona"
    namespace: str = "mongodb"
    protect: bool = True


class MongodbOperator(pulumi.ComponentResource):
    """The operator and its namespace.

    `namespace` is that namespace's name; what is placed with it is created after the operator and
    destroyed before it.
    """

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: MongodbOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:mongodb:MongodbOperator", name, None, opts)
        own = namespace(
            f"{name}-namespace",
            args.namespace,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        chart, values = CHARTS[args.operator]
        release = helm_release(
            f"{name}-{args.operator}",
            chart,
            namespace=own.metadata["name"],
            values=values,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.namespace = ready_namespace(own.metadata["name"], release)
        self.register_outputs({"namespace": self.namespace})


RESOURCES: Final[Mapping[str, Any]] = {
    "requests": {"cpu": "50m", "memory": "64Mi"},
    "limits": {"cpu": "500m", "memory": "512Mi"},
}

CHARTS: Final[Mapping[Operator, tuple[HelmChart, Mapping[str, Any]]]] = {
    "percona": (
        PSMDB_CHART,
        {
            "image": {
                "repository": PSMDB_OPERATOR_IMAGE.repository,
                "tag": PSMDB_OPERATOR_IMAGE.pinned_tag,
            },
            # Its own namespace only: with the right to read Nodes it would overwrite the region tags.
            "watchAllNamespaces": False,
            "disableTelemetry": True,
            "resources": RESOURCES,
        },
    ),
    "community": (
        MONGODB_COMMUNITY_CHART,
        {"operator": {"watchedResources": ["mongodbcommunity"], "resources": RESOURCES}},
    ),
}
