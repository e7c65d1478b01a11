"""The connector of a Cloudflare Tunnel in one region: cloudflared, which dials out and needs no open port."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgsDict
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.kubernetes import namespace, secret
from settings import versions

_METRICS_PORT: Final = 2000
_USER: Final = 65532  # the image's own user (its Dockerfile)
_DRAIN_SECONDS: Final = 30  # cloudflared's grace period: requests under way are finished
_TOKEN_DIR: Final = "/etc/cloudflared"  # noqa: S105 a folder, not the token
_TOKEN_NAME: Final = "tunnel-token"  # noqa: S105 the Secret's name, not the token
_LABELS: Final = {"app.kubernetes.io/name": "cloudflared", "app.kubernetes.io/component": "tunnel-connector"}


@dataclass(frozen=True, kw_only=True)
class TunnelConnectorArgs:
    """`token` is the tunnel's (secret). `replicas` go to different nodes as long as there are any."""

    token: pulumi.Input[str]
    replicas: int = 2
    namespace: str = "cloudflared"
    image: str = versions.CLOUDFLARED_IMAGE.reference
    cpu_request: str = "50m"
    cpu_limit: str = "500m"
    memory: str = "256Mi"


class TunnelConnector(pulumi.ComponentResource):
    """cloudflared with its token, in a namespace of its own.

    `deployment_name` is the Deployment's name.
    """

    deployment_name: pulumi.Output[str]

    def __init__(self, name: str, args: TunnelConnectorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:edge:TunnelConnector", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        home = namespace(f"{name}-namespace", args.namespace, pod_security="restricted", opts=child)
        inside = home.metadata.apply(lambda metadata: str(metadata.name))
        token = secret(f"{name}-token", _TOKEN_NAME, inside, {"token": args.token}, opts=child)
        deployment = Deployment(
            f"{name}-deployment",
            metadata={"name": "cloudflared", "namespace": inside, "labels": _LABELS},
            spec=_deployment(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[token]),
        )
        PodDisruptionBudget(
            f"{name}-budget",
            metadata={"name": "cloudflared", "namespace": inside, "labels": _LABELS},
            spec={"max_unavailable": 1, "selector": {"match_labels": _LABELS}},
            opts=child,
        )
        self.deployment_name = deployment.metadata.apply(lambda metadata: str(metadata.name))
        self.register_outputs({"deploymentName": self.deployment_name})


def _deployment(args: TunnelConnectorArgs) -> DeploymentSpecArgsDict:
    # cloudflared reads the token once, at its start: a new one must start new pods.
    fingerprint = pulumi.Output.secret(args.token).apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
    return {
        "replicas": args.replicas,
        "selector": {"match_labels": _LABELS},
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": 1}},
        "template": {
            "metadata": {"labels": _LABELS, "annotations": {"openova.io/token-sha256": fingerprint}},
            "spec": _pod(args),
        },
    }


def _pod(args: TunnelConnectorArgs) -> PodSpecArgsDict:
    return {
        "automount_service_account_token": False,
        "enable_service_links": False,
        "termination_grace_period_seconds": _DRAIN_SECONDS + 15,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": _USER,
            "run_as_group": _USER,
            "fs_group": _USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        # Preferred, not required: a region of one node still gets its replicas.
        "affinity": {
            "pod_anti_affinity": {
                "preferred_during_scheduling_ignored_during_execution": [
                    {
                        "weight": 100,
                        "pod_affinity_term": {
                            "topology_key": "kubernetes.io/hostname",
                            "label_selector": {"match_labels": _LABELS},
                        },
                    }
                ]
            }
        },
        "containers": [_container(args)],
        "volumes": [{"name": "token", "secret": {"secret_name": _TOKEN_NAME, "default_mode": 0o440}}],
    }


def _container(args: TunnelConnectorArgs) -> ContainerArgsDict:
    return {
        "name": "cloudflared",
        "image": args.image,
        # The token comes from a file: arguments and environment can be read by others.
        "args": [
            "tunnel",
            "--metrics",
            f"0.0.0.0:{_METRICS_PORT}",
            "--grace-period",
            f"{_DRAIN_SECONDS}s",
            "run",
            "--token-file",
            f"{_TOKEN_DIR}/token",
        ],
        "ports": [{"name": "metrics", "container_port": _METRICS_PORT}],
        # Ready while a connection to Cloudflare stands. Alive is the process alone: to restart it
        # because Cloudflare is out of reach would help nobody.
        "readiness_probe": {"http_get": {"path": "/ready", "port": "metrics"}, "period_seconds": 5},
        "liveness_probe": {
            "http_get": {"path": "/healthcheck", "port": "metrics"},
            "initial_delay_seconds": 10,
            "period_seconds": 10,
            "failure_threshold": 3,
        },
        "resources": {
            "requests": {"cpu": args.cpu_request, "memory": args.memory},
            "limits": {"cpu": args.cpu_limit, "memory": args.memory},
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": [{"name": "token", "mount_path": _TOKEN_DIR, "read_only": True}],
    }
