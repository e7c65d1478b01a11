"""How commands reach the clusters of the regions: with kubectl, and with time limits of their own."""

from operations.access.kubeconfigs import clusters_of
from operations.access.kubectl import AnsweredError, Cluster, UnreachableError

__all__ = ["AnsweredError", "Cluster", "UnreachableError", "clusters_of"]
