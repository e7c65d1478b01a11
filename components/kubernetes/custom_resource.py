"""A custom resource whose status can be read: the one of `pulumi_kubernetes` hides it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import pulumi

PLUGIN_VERSION: Final = version("pulumi-kubernetes")
"""The provider plugin that the SDK was generated for: without it the engine takes whichever is newest."""


class StatusResource(pulumi.CustomResource):
    """One custom resource of Kubernetes, with `status` among its outputs.

    `metadata` and `spec` are written in Kubernetes' own field names. `status` is what the API server
    answered at the last `up` or refresh, unknown in a preview that creates the resource.
    """

    status: pulumi.Output[Any]
    metadata: pulumi.Output[Any]

    def __init__(
        self,
        name: str,
        *,
        api_version: str,
        kind: str,
        metadata: Mapping[str, Any],
        spec: Mapping[str, Any],
        secret_status: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`secret_status` keeps the whole status encrypted in the state, where it holds a token."""
        options = pulumi.ResourceOptions(version=PLUGIN_VERSION)
        if secret_status:
            options.additional_secret_outputs = ["status"]
        super().__init__(
            f"kubernetes:{api_version}:{kind}",
            name,
            {
                "apiVersion": api_version,
                "kind": kind,
                "metadata": dict(metadata),
                "spec": dict(spec),
                "status": None,
            },
            pulumi.ResourceOptions.merge(opts, options),
        )
