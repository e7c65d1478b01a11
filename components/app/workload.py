"""An application's pods, and the way in from the edge: what the health monitor of a region asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.networking.v1 import Ingress

NAME: Final = "app"
LABELS: Final = {"app.kubernetes.io/name": NAME}
USER: Final = 10001
"""A user id that no image gives a meaning to."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """An image that serves HTTP on `port` as any user and answers 200 at `health_path` once it can work.

    `hosts` are the names that the edge asks for. `tls_secret` is a Secret of the namespace with the
    origin's certificate; `None` serves Traefik's own.
    """

    image: str
    hosts: tuple[str, ...]
    port: int = 8080
    health_path: str = "/health"
    replicas: int = 2
    cpu_request: str = "50m"
    cpu_limit: str = "500m"
    memory: str = "256Mi"
    ingress_class: str = "traefik"
    tls_secret: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for an image without a fixed version, or without a name to be asked under."""
        version = self.image.rpartition("/")[2].partition(":")[2]
        if version in ("", "latest"):
            raise ValueError(
                f"The application's image {self.image!r} has no fixed version. Regions would run different ones "
                "after the next restart; set `image` with a tag or a digest."
            )
        if not self.hosts:
            raise ValueError(
                "The application has no `hosts`. The edge's monitor asks by name, and every region would count as "
                "down; set at least one."
            )


@dataclass(frozen=True, kw_only=True)
class AppWorkloadArgs:
    """A workload, its namespace, and the Secret and ConfigMap that tell it where its databases are."""

    namespace: pulumi.Input[str]
    workload: Workload
    environment_secret: str
    environment: Mapping[str, pulumi.Input[str]]
    authorities: str
    authorities_path: str


class AppWorkload(pulumi.ComponentResource):
    """Deployment, Service (inside the cluster only) and Ingress of an application."""

    def __init__(self, name: str, args: AppWorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:app:AppWorkload", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # The SDK's own dictionary types know only Python's spelling; these are in Kubernetes' field names.
        metadata: Any = {"name": NAME, "namespace": args.namespace, "labels": LABELS}
        deployment: Any = deployment_spec(args)
        service: Any = service_spec()
        ingress: Any = ingress_spec(args.workload)
        # Pulumi would wait for an address in its status, which not every ingress controller writes.
        unawaited: Any = {**metadata, "annotations": {"pulumi.com/skipAwait": "true"}}
        pods = Deployment(f"{name}-deployment", metadata=metadata, spec=deployment, opts=child)
        Service(
            f"{name}-service",
            metadata=metadata,
            spec=service,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[pods]),
        )
        Ingress(f"{name}-ingress", metadata=unawaited, spec=ingress, opts=child)
        self.register_outputs({"hosts": list(args.workload.hosts)})


def deployment_spec(args: AppWorkloadArgs) -> dict[str, Any]:
    """The `spec` of the Deployment: spread over nodes, never fewer than its replicas, restarted for new URLs."""
    return {
        "replicas": args.workload.replicas,
        "selector": {"matchLabels": LABELS},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            "metadata": {
                "labels": LABELS,
                # Environment variables are read once: without this a new password never arrives.
                "annotations": {"openova.io/environment": fingerprint(args.environment)},
            },
            "spec": {
                "automountServiceAccountToken": False,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": LABELS},
                    }
                ],
                "containers": [_container(args)],
                "volumes": [
                    {"name": "authorities", "configMap": {"name": args.authorities}},
                    {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
                ],
            },
        },
    }


def _container(args: AppWorkloadArgs) -> dict[str, Any]:
    workload = args.workload
    health = {"httpGet": {"path": workload.health_path, "port": "http"}, "timeoutSeconds": 3}
    return {
        "name": NAME,
        "image": workload.image,
        "ports": [{"name": "http", "containerPort": workload.port, "protocol": "TCP"}],
        "envFrom": [{"secretRef": {"name": args.environment_secret}}],
        "resources": {
            "requests": {"cpu": workload.cpu_request, "memory": workload.memory},
            "limits": {"cpu": workload.cpu_limit, "memory": workload.memory},
        },
        "readinessProbe": {**health, "periodSeconds": 5, "failureThreshold": 2},
        # Only the process itself: a health path that asks the database would have every pod restarted
        # while the database changes its primary.
        "livenessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 10, "failureThreshold": 3},
        "startupProbe": {**health, "periodSeconds": 5, "failureThreshold": 24},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "authorities", "mountPath": args.authorities_path, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 a volume of the container's own
        ],
    }


def service_spec() -> dict[str, Any]:
    """The `spec` of the Service: inside the cluster only, the Ingress is the way in."""
    return {
        "type": "ClusterIP",
        "selector": LABELS,
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    }


def ingress_spec(workload: Workload) -> dict[str, Any]:
    """The `spec` of the Ingress: every host to the one Service."""
    path = {
        "path": "/",
        "pathType": "Prefix",
        "backend": {"service": {"name": NAME, "port": {"name": "http"}}},
    }
    spec: dict[str, Any] = {
        "ingressClassName": workload.ingress_class,
        "rules": [{"host": host, "http": {"paths": [path]}} for host in workload.hosts],
    }
    if workload.tls_secret is not None:
        spec["tls"] = [{"hosts": list(workload.hosts), "secretName": workload.tls_secret}]
    return spec


def fingerprint(environment: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """A digest of the environment, as secret as what it is made of."""

    def digest(values: Mapping[str, str]) -> str:
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    return pulumi.Output.secret(pulumi.Output.all(**environment).apply(digest))
