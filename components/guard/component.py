"""The guard in a region's cluster: one pod on every node."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

import pulumi
from pulumi_kubernetes.apps.v1 import DaemonSet, DaemonSetSpecArgsDict
from pulumi_kubernetes.core.v1 import ContainerArgsDict, EnvVarArgsDict, PodSpecArgsDict, ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.guard.names import KEYS, NAME
from components.guard.watch import WatchArgs, watch
from components.kubernetes import namespace, secret

SIGNS: Final = "/run/openova-guard"
STATE: Final = "/var/lib/openova-guard"
_LABELS: Final = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "authority"}
_WAIT: Final = {"pulumi.com/timeoutSeconds": "300"}
"""Seconds that an `up` waits for the guard, which is not ready where the store is out of reach; nothing waits for
it."""

_MINUTE: Final = '[ -n "$(find {file} -mmin -1 2>/dev/null)" ]'


@dataclass(frozen=True, kw_only=True)
class GuardArgs:
    """`image` by digest. `region` is this one's code, `cluster` the CloudNativePG cluster of it in
    `database_namespace`, `pods` its network of pods. `ttl` in seconds. `founds` is true in the region that wrote first,
    while the authority is at epoch 1. The keys are those of the record's bucket alone; `store_authority` (PEM) signs
    the store's certificate, where nobody else does. `watched` are the nodes whose guards are told to Prometheus; none:
    nobody tells it.
    """

    image: str
    region: str
    cluster: str
    database_namespace: pulumi.Input[str]
    pods: str
    isolation: Literal["continue", "fence"]
    ttl: int
    founds: bool
    bucket: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    access_key_id: pulumi.Input[str]
    secret_access_key: pulumi.Input[str]
    store_authority: str | None = None
    watched: tuple[str, ...] = ()
    namespace: str = NAME
    cpu_request: str = "20m"
    cpu_limit: str = "500m"
    memory: str = "96Mi"


class Guard(pulumi.ComponentResource):
    """The DaemonSet, its keys, and its leave to read one cluster and the pods beside it."""

    def __init__(self, name: str, args: GuardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:guard:Guard", name, None, opts)
        self._name, self._args, child = name, args, pulumi.ResourceOptions(parent=self)
        # The host's network is no place for pods of a stricter level.
        home = namespace(f"{name}-namespace", args.namespace, pod_security="privileged", opts=child)
        inside = home.metadata.apply(lambda metadata: str(metadata.name))
        keys = secret(
            f"{name}-keys",
            NAME,
            inside,
            {
                "access-key-id": args.access_key_id,
                "secret-access-key": args.secret_access_key,
                **({"ca.crt": args.store_authority} if args.store_authority else {}),
            },
            opts=child,
        )
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": NAME, "namespace": inside, "labels": _LABELS},
            automount_service_account_token=False,
            opts=child,
        )
        binding = self._leave(inside)
        DaemonSet(
            f"{name}-daemon-set",
            metadata={"name": NAME, "namespace": inside, "labels": _LABELS, "annotations": _WAIT},
            spec=_daemon_set(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[keys, account, binding]),
        )
        if args.watched:
            told = {"REGION": args.region, "BUCKET": args.bucket, "ENDPOINT": args.endpoint}
            watch_args = WatchArgs(image=args.image, nodes=args.watched, told=told, keys=_fingerprint(args))
            watch(f"{name}-watch", watch_args, inside, pulumi.ResourceOptions(parent=self, depends_on=[keys]))
        self.register_outputs({})

    def _leave(self, inside: pulumi.Output[str]) -> RoleBinding:
        """To read, in the namespace of the databases, this one cluster and the pods."""
        child = pulumi.ResourceOptions(parent=self)
        metadata: ObjectMetaArgsDict = {
            "name": NAME,
            "namespace": self._args.database_namespace,
            "labels": _LABELS,
        }
        Role(
            f"{self._name}-role",
            metadata=metadata,
            rules=[
                {
                    "api_groups": ["postgresql.cnpg.io"],
                    "resources": ["clusters"],
                    "resource_names": [self._args.cluster],
                    "verbs": ["get"],
                },
                {"api_groups": [""], "resources": ["pods"], "verbs": ["list"]},
            ],
            opts=child,
        )
        return RoleBinding(
            f"{self._name}-role-binding",
            metadata=metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME},
            subjects=[{"kind": "ServiceAccount", "name": NAME, "namespace": inside}],
            opts=child,
        )


def _daemon_set(args: GuardArgs) -> DaemonSetSpecArgsDict:
    return {
        "selector": {"match_labels": _LABELS},
        # The new pod is there before the old one goes, or a lease might run out meanwhile.
        "update_strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
        "template": {
            "metadata": {"labels": _LABELS, "annotations": {"openova.io/keys-sha256": _fingerprint(args)}},
            "spec": _pod(args),
        },
    }


def _fingerprint(args: GuardArgs) -> pulumi.Output[str]:
    """The keys are read once, at a pod's start: new ones must start new pods."""
    keys = [pulumi.Output.secret(key) for key in (args.access_key_id, args.secret_access_key)]
    joined = pulumi.Output.format("{}\n{}\n{}", *keys, args.store_authority or "")
    return joined.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())


def _pod(args: GuardArgs) -> PodSpecArgsDict:
    return {
        "service_account_name": NAME,
        "automount_service_account_token": True,
        "enable_service_links": False,
        "host_network": True,
        # The host's own resolver: the record is found while the cluster's CoreDNS is down.
        "dns_policy": "Default",
        "priority_class_name": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "termination_grace_period_seconds": 15,
        # Root, since a capability reaches another user only through an executable that may gain privileges.
        "security_context": {"run_as_user": 0, "seccomp_profile": {"type": "RuntimeDefault"}},
        "containers": [_container(args)],
        "volumes": [
            {"name": "keys", "secret": {"secret_name": NAME, "default_mode": 0o400}},
            {"name": "state", "host_path": {"path": STATE, "type": "DirectoryOrCreate"}},
            {"name": "signs", "empty_dir": {"medium": "Memory", "size_limit": "1Mi"}},
        ],
    }


def _container(args: GuardArgs) -> ContainerArgsDict:
    return {
        "name": "guard",
        "image": args.image,
        "image_pull_policy": "IfNotPresent",
        "env": _environment(args),
        # Alive while its loop turns. Ready while it has the record: that decides nothing, and people see it.
        "liveness_probe": {
            "exec_": {"command": ["/bin/sh", "-c", _MINUTE.format(file=f"{SIGNS}/turned")]},
            "initial_delay_seconds": 30,
            "period_seconds": 20,
            "failure_threshold": 3,
        },
        "readiness_probe": {
            "exec_": {"command": ["/bin/sh", "-c", _MINUTE.format(file=f"{SIGNS}/read")]},
            "period_seconds": 10,
        },
        "resources": {
            "requests": {"cpu": args.cpu_request, "memory": args.memory},
            "limits": {"cpu": args.cpu_limit, "memory": args.memory},
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]},
        },
        "volume_mounts": [
            {"name": "keys", "mount_path": KEYS, "read_only": True},
            {"name": "state", "mount_path": STATE},
            {"name": "signs", "mount_path": SIGNS},
        ],
    }


def _environment(args: GuardArgs) -> list[EnvVarArgsDict]:
    values: dict[str, pulumi.Input[str]] = {
        "REGION": args.region,
        "ISOLATION": args.isolation,
        "TTL": str(args.ttl),
        "NAMESPACE": args.database_namespace,
        "CLUSTER": args.cluster,
        "PODS": args.pods,
        "BUCKET": args.bucket,
        "ENDPOINT": args.endpoint,
        "FOUNDS": "true" if args.founds else "false",
    }
    node: EnvVarArgsDict = {"name": "GUARD_NODE", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}}
    told: list[EnvVarArgsDict] = [{"name": f"GUARD_{name}", "value": value} for name, value in values.items()]
    return [node, *told]
