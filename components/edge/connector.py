"""The connector of a Cloudflare Tunnel in one region: cloudflared, which dials out and needs no open port.

Cloudflare sends requests to every connector that is connected, whatever is behind it, and readiness changes
nothing about that. So each pod has a gate, which asks its own region for its health: it hands cloudflared the token
while the region is healthy, and ends it when it is not (scripts/gate.sh).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgsDict
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.edge.connector_pod import LABELS, TOKEN_NAME, ConnectorHealth, pod
from components.kubernetes import namespace, secret
from settings import versions


@dataclass(frozen=True, kw_only=True)
class TunnelConnectorArgs:
    """`token` is the tunnel's (secret), `health` what the gate asks. `replicas` go to different nodes as long as
    there are any; 0 takes the region out of traffic."""

    token: pulumi.Input[str]
    health: ConnectorHealth
    replicas: int = 2
    namespace: str = "cloudflared"
    image: str = versions.CLOUDFLARED_IMAGE.reference
    gate_image: str = versions.GATE_IMAGE.reference
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
        token = secret(f"{name}-token", TOKEN_NAME, inside, {"token": args.token}, opts=child)
        deployment = Deployment(
            f"{name}-deployment",
            metadata={
                "name": "cloudflared",
                "namespace": inside,
                "labels": LABELS,
                # Pods of a region that is not healthy yet wait, and must not hold up its stack.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec=_deployment(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[token]),
        )
        PodDisruptionBudget(
            f"{name}-budget",
            metadata={"name": "cloudflared", "namespace": inside, "labels": LABELS},
            spec={"max_unavailable": 1, "selector": {"match_labels": LABELS}},
            opts=child,
        )
        self.deployment_name = deployment.metadata.apply(lambda metadata: str(metadata.name))
        self.register_outputs({"deploymentName": self.deployment_name})


def _deployment(args: TunnelConnectorArgs) -> DeploymentSpecArgsDict:
    # cloudflared reads the token once, at its start: a new one must start new pods.
    fingerprint = pulumi.Output.secret(args.token).apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
    return {
        "replicas": args.replicas,
        "selector": {"match_labels": LABELS},
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": 1}},
        "template": {
            "metadata": {"labels": LABELS, "annotations": {"openova.io/token-sha256": fingerprint}},
            "spec": pod(
                args.health,
                image=args.image,
                gate_image=args.gate_image,
                cpu_request=args.cpu_request,
                cpu_limit=args.cpu_limit,
                memory=args.memory,
            ),
        },
    }
