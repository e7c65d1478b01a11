"""Secrets of Kubernetes, in the types that the operators ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret, SecretInitArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

OPAQUE: Final = "Opaque"
BASIC_AUTH: Final = "kubernetes.io/basic-auth"
TLS: Final = "kubernetes.io/tls"


def secret(
    name: str,
    secret_name: str,
    namespace: pulumi.Input[str],
    data: Mapping[str, pulumi.Input[str]],
    *,
    type_: str = OPAQUE,
    labels: Mapping[str, str] | None = None,
    opts: pulumi.ResourceOptions,
) -> Secret:
    """A Secret of Kubernetes whose every value is marked secret for Pulumi, whatever it was before."""
    return Secret(
        name,
        SecretInitArgs(
            metadata=ObjectMetaArgs(name=secret_name, namespace=namespace, labels=labels),
            type=type_,
            string_data={key: pulumi.Output.secret(value) for key, value in data.items()},
        ),
        opts,
    )
