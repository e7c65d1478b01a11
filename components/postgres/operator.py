"""CloudNativePG and its Barman Cloud plugin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from components.kubernetes import helm_release, namespace, ready_namespace
from components.postgres.plugin_certificates import plugin_certificate
from settings.versions import (
    BARMAN_CHART,
    BARMAN_PLUGIN_IMAGE,
    BARMAN_SIDECAR_IMAGE,
    CNPG_CHART,
    CNPG_IMAGE,
    Image,
)


@dataclass(frozen=True, kw_only=True)
class PostgresOperatorArgs:
    """Where the operator runs and where its clusters will.

    `backups` adds the plugin that archives to an object store; `protect` guards the namespace of the
    databases, whose deletion takes the data with it.
    """

    namespace: str = "cnpg-system"
    database_namespace: str = "databases"
    backups: bool = True
    protect: bool = True


class PostgresOperator(pulumi.ComponentResource):
    """The operator, its plugin, and the namespace for databases.

    `database_namespace` is that namespace's name; a cluster placed with it is created after the operator
    and destroyed before it.
    """

    database_namespace: pulumi.Output[str]

    def __init__(self, name: str, args: PostgresOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:postgres:PostgresOperator", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        system = namespace(f"{name}-namespace", args.namespace, pod_security="restricted", opts=child)
        databases = namespace(
            f"{name}-databases",
            args.database_namespace,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        last = helm_release(
            f"{name}-cloudnative-pg",
            CNPG_CHART,
            namespace=system.metadata["name"],
            values=operator_values(),
            opts=child,
        )
        if args.backups:
            certificates = [
                plugin_certificate(f"{name}-plugin-{side}", side, system.metadata["name"], child)
                for side in ("server", "client")
            ]
            last = helm_release(
                f"{name}-barman-cloud",
                BARMAN_CHART,
                namespace=system.metadata["name"],
                values=plugin_values(),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[last, *certificates]),
            )
        self.database_namespace = ready_namespace(databases.metadata["name"], last)
        self.register_outputs({"database_namespace": self.database_namespace})


def operator_values() -> dict[str, Any]:
    """The chart's values: the image as pinned, and limits that a node of 8 GB can carry."""
    return {
        "image": {"repository": CNPG_IMAGE.repository, "tag": CNPG_IMAGE.pinned_tag},
        "resources": {
            "requests": {"cpu": "50m", "memory": "128Mi"},
            "limits": {"cpu": "500m", "memory": "512Mi"},
        },
    }


def plugin_values() -> dict[str, Any]:
    """The plugin's values: both images newer than the chart's own, certificates of ours, not cert-manager's."""
    return {
        "image": _registry_image(BARMAN_PLUGIN_IMAGE),
        "sidecarImage": _registry_image(BARMAN_SIDECAR_IMAGE),
        "certificate": {
            "createIssuer": False,
            "createServerCertificate": False,
            "createClientCertificate": False,
        },
        "resources": {
            "requests": {"cpu": "20m", "memory": "64Mi"},
            "limits": {"cpu": "250m", "memory": "256Mi"},
        },
    }


def _registry_image(image: Image) -> dict[str, str]:
    registry, _, repository = image.repository.partition("/")
    return {"registry": registry, "repository": repository, "tag": image.pinned_tag}
