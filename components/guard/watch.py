"""The pod that tells Prometheus what a region's guards last stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ContainerArgsDict, ProbeArgsDict

from components.guard.names import KEYS, NAME

PORT: Final = 9532
USER: Final = 65532
_LABELS: Final = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "watch"}
_ANNOTATIONS: Final = {"pulumi.com/skipAwait": "true"}
"""It decides nothing: no `up` waits for it."""


@dataclass(frozen=True, kw_only=True)
class WatchArgs:
    """`image` is the guard's, `told` what its environment names REGION, BUCKET and ENDPOINT, `keys` the fingerprint of
    the Secret `openova-guard`."""

    image: str
    nodes: tuple[str, ...]
    told: Mapping[str, pulumi.Input[str]]
    keys: pulumi.Input[str]


def watch(name: str, args: WatchArgs, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> Deployment:
    """One pod, on the pods' network, with nothing but the keys of the record's bucket."""
    return Deployment(
        name,
        metadata={"name": f"{NAME}-watch", "namespace": namespace, "labels": _LABELS, "annotations": _ANNOTATIONS},
        spec={
            "replicas": 1,
            "selector": {"match_labels": _LABELS},
            "template": {
                "metadata": {"labels": _LABELS, "annotations": {"openova.io/keys-sha256": args.keys}},
                "spec": {
                    "automount_service_account_token": False,
                    "enable_service_links": False,
                    "security_context": {
                        "run_as_non_root": True,
                        "run_as_user": USER,
                        "run_as_group": USER,
                        "fs_group": USER,
                        "seccomp_profile": {"type": "RuntimeDefault"},
                    },
                    "containers": [_container(args)],
                    "volumes": [{"name": "keys", "secret": {"secret_name": NAME, "default_mode": 0o440}}],
                },
            },
        },
        opts=opts,
    )


def _container(args: WatchArgs) -> ContainerArgsDict:
    values = {**args.told, "NODES": ",".join(args.nodes)}
    probe: ProbeArgsDict = {"http_get": {"path": "/health", "port": "metrics"}, "period_seconds": 20}
    return {
        "name": "watch",
        "image": args.image,
        "image_pull_policy": "IfNotPresent",
        "command": ["python", "-m", "operations.guard.watch"],
        "env": [{"name": f"GUARD_{name}", "value": value} for name, value in values.items()],
        "ports": [{"name": "metrics", "container_port": PORT}],
        "liveness_probe": {**probe, "initial_delay_seconds": 20, "failure_threshold": 3},
        "readiness_probe": probe,
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            "limits": {"cpu": "200m", "memory": "96Mi"},
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": [{"name": "keys", "mount_path": KEYS, "read_only": True}],
    }
