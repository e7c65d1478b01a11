"""K3s clusters."""

from components.k3s.args import K3sArgs, K3sNode
from components.k3s.component import K3sCluster
from components.k3s.config import ClusterConfig, Snapshots, agent_config, cluster_dns, server_config
from components.k3s.kubeconfig import rewritten

__all__ = [
    "ClusterConfig",
    "K3sArgs",
    "K3sCluster",
    "K3sNode",
    "Snapshots",
    "agent_config",
    "cluster_dns",
    "rewritten",
    "server_config",
]
