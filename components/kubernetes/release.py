"""Helm charts, each as one resource, pinned in `settings.versions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.helm.v3 import Release, ReleaseArgs, RepositoryOptsArgs

from settings.versions import HelmChart

INSTALL_TIMEOUT: Final = 600
"""Seconds that Helm waits for the pods of a chart: images come over a slow link to small nodes."""


def helm_release(
    name: str,
    chart: HelmChart,
    *,
    namespace: pulumi.Input[str],
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> Release:
    """The chart as one Helm release, named after the chart so that its objects keep their names.

    Helm undoes a failed upgrade (`atomic`): an operator half upgraded is worse than an old one.
    """
    return Release(
        name,
        ReleaseArgs(
            name=chart.name,
            chart=chart.name,
            version=chart.version,
            repository_opts=RepositoryOptsArgs(repo=chart.repository),
            namespace=namespace,
            values=dict(values),
            atomic=True,
            max_history=5,
            timeout=INSTALL_TIMEOUT,
        ),
        opts,
    )


def ready_namespace(namespace: pulumi.Input[str], operator: Release) -> pulumi.Output[str]:
    """The namespace's name, as an output that also depends on the operator.

    Custom resources placed with it are created after their operator and destroyed before it, which
    matters for those that only the operator can finalise.
    """
    return pulumi.Output.all(namespace, operator.name).apply(lambda values: str(values[0]))
