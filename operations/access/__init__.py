"""How commands reach the clusters of the regions: with kubectl, and with time limits of their own."""

from operations.access.kubeconfigs import clusters_of
from operations.access.kubectl import NOT_AT_HAND, AnsweredError, Cluster, UnreachableError

__all__ = ["NOT_AT_HAND", "AnsweredError", "Cluster", "UnreachableError", "clusters_of"]
