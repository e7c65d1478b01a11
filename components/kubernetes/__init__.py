"""What several components of this package need from Kubernetes."""

from components.kubernetes.custom_resource import StatusResource
from components.kubernetes.namespace import namespace
from components.kubernetes.release import helm_release, ready_namespace
from components.kubernetes.secrets import BASIC_AUTH, OPAQUE, TLS, secret

__all__ = [
    "BASIC_AUTH",
    "OPAQUE",
    "TLS",
    "StatusResource",
    "helm_release",
    "namespace",
    "ready_namespace",
    "secret",
]
