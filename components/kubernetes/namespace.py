"""Namespaces."""

from __future__ import annotations

from typing import Final, Literal

import pulumi
from pulumi_kubernetes.core.v1 import Namespace, NamespaceInitArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

PodSecurity = Literal["privileged", "baseline", "restricted"]

POD_SECURITY_LABEL: Final = "pod-security.kubernetes.io/enforce"


def namespace(
    name: str, namespace_name: str, *, pod_security: PodSecurity = "baseline", opts: pulumi.ResourceOptions
) -> Namespace:
    """A namespace that refuses pods below the given Pod Security level."""
    return Namespace(
        name,
        NamespaceInitArgs(metadata=ObjectMetaArgs(name=namespace_name, labels={POD_SECURITY_LABEL: pod_security})),
        opts,
    )
