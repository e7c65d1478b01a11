"""The configuration of K3s as pure functions of what is known about the cluster."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

DIRECTORY: Final = "/etc/rancher/k3s"
REGION_LABEL: Final = "topology.kubernetes.io/region"
ZONE_LABEL: Final = "topology.kubernetes.io/zone"

SYNC_SECONDS: Final = 10
"""How often a kubelet looks after its pods' volumes. With Kubernetes' 60 s CoreDNS learnt the databases' names so late
that a copy's first attempts failed (seen in the lab)."""

DNS_HOST: Final = 10
"""CoreDNS has the tenth address of the Services' network, as Kubernetes' own tools choose it."""


@dataclass(frozen=True, kw_only=True)
class Snapshots:
    """Scheduled etcd snapshots. `s3_config_secret` names a Secret in `kube-system` with the bucket and
    its credentials (keys `etcd-s3-*`, K3s documentation); None keeps snapshots on the servers only,
    where they do not outlive them."""

    schedule: str = "0 */6 * * *"
    retention: int = 28
    s3_config_secret: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """What all nodes of a cluster have in common. `api_names` are names that several servers answer to."""

    region_label: str
    zone: str | None
    pod_cidr: str
    service_cidr: str
    flannel_backend: str
    nodeport_cidrs: Sequence[str]
    api_names: Sequence[str]
    disable: Sequence[str]
    snapshots: Snapshots


def cluster_dns(service_cidr: str) -> str:
    """`10.43.0.10` of `10.43.0.0/16`. Raises ValueError where the network has no such address."""
    network = ipaddress.ip_network(service_cidr)
    if network.num_addresses <= DNS_HOST + 1:
        raise ValueError(
            f"The Services' network holds at least {DNS_HOST + 2} addresses. {service_cidr} does not, so DNS would "
            "have no address. Set 'service_cidr' to a block such as 10.43.0.0/16."
        )
    return str(network[DNS_HOST])


def server_config(
    cluster: ClusterConfig, node_name: str, address: str, mesh_address: str | None = None
) -> dict[str, Any]:
    """`config.yaml` of a server, without its place in the cluster: `scripts/k3s.sh` decides between
    starting a cluster and joining one, and writes that beside it.

    The node's address is its public one, not its mesh address: etcd, kubelet and pods of one region
    must not depend on the network between regions, and pod traffic, which flannel encrypts, would be
    encrypted twice. Its certificate has its own addresses and not those of the others: they do not restart when
    a server is replaced, just when the cluster has none to spare.
    """
    own = {address, node_name} if mesh_address is None else {address, mesh_address, node_name}
    config = {
        **_node_config(cluster, node_name, address),
        "agent-token-file": f"{DIRECTORY}/agent-token",
        "cluster-cidr": cluster.pod_cidr,
        "cluster-dns": cluster_dns(cluster.service_cidr),
        "disable": sorted(cluster.disable),
        "etcd-snapshot-compress": True,
        "etcd-snapshot-retention": cluster.snapshots.retention,
        "etcd-snapshot-schedule-cron": cluster.snapshots.schedule,
        "flannel-backend": cluster.flannel_backend,
        "secrets-encryption": True,
        "service-cidr": cluster.service_cidr,
        "tls-san": sorted(own.union(cluster.api_names)),
        "write-kubeconfig-mode": "0600",
    }
    if cluster.snapshots.s3_config_secret is not None:
        # K3s reads the Secret only while no other etcd-s3 option is set.
        config |= {"etcd-s3": True, "etcd-s3-config-secret": cluster.snapshots.s3_config_secret}
    return config


def agent_config(cluster: ClusterConfig, node_name: str, address: str) -> dict[str, Any]:
    """`config.yaml` of an agent: what servers tell it is left out, since K3s refuses it there."""
    return _node_config(cluster, node_name, address)


def render(config: Mapping[str, Any]) -> str:
    """The configuration as YAML, always in the same order: a restart follows a change, not a shuffle."""
    return yaml.safe_dump(dict(config), sort_keys=True, default_flow_style=False)


def _node_config(cluster: ClusterConfig, node_name: str, address: str) -> dict[str, Any]:
    labels = [f"{REGION_LABEL}={cluster.region_label}"]
    if cluster.zone is not None:
        labels.append(f"{ZONE_LABEL}={cluster.zone}")
    return {
        "kubelet-arg": [f"sync-frequency={SYNC_SECONDS}s"],
        "kube-proxy-arg": [f"nodeport-addresses={','.join(sorted(cluster.nodeport_cidrs))}"],
        "node-ip": address,
        "node-label": labels,
        "node-name": node_name,
        "protect-kernel-defaults": True,
        "token-file": f"{DIRECTORY}/token",
    }
