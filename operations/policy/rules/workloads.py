"""Every workload of ours has limits, probes and a security context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.plan.recorded import Recorded
from operations.plan.values import Unknown, reveal
from operations.policy.model import Facts, Finding, Rule

_LONG_RUNNING: Final = ("Deployment", "DaemonSet", "StatefulSet", "Pod")
_KINDS: Final = (*_LONG_RUNNING, "Job", "CronJob")


def pod_of(resource: Recorded) -> Mapping[str, Any]:
    """The pod's spec of a workload; empty for what runs no pods of its own, or is not known yet."""
    kind = resource.type.rpartition(":")[2]
    if not resource.type.startswith("kubernetes:") or kind not in _KINDS:
        return {}
    spec = reveal(resource.inputs.get("spec"))
    way = {"Pod": (), "CronJob": ("jobTemplate", "spec", "template", "spec")}.get(kind, ("template", "spec"))
    for step in way:
        spec = spec.get(step) if isinstance(spec, Mapping) else None
    return spec if isinstance(spec, Mapping) else {}


def _bare(resource: Recorded, facts: Facts) -> Iterator[Finding]:
    pod = pod_of(resource)
    long_running = resource.type.rpartition(":")[2] in _LONG_RUNNING
    groups = [(item, long_running) for item in pod.get("containers") or ()]
    groups += [(item, False) for item in pod.get("initContainers") or ()]
    lacking = {item.get("name", "?"): list(_lacking(item, pod, probed)) for item, probed in groups}
    for container, what in lacking.items():
        if what:
            yield Finding(
                resource.name,
                f"{resource.name}: the container {container} has no {', no '.join(what)}.",
                "Add them; components/app/workload.py shows each.",
            )


def _lacking(container: Mapping[str, Any], pod: Mapping[str, Any], probed: bool) -> Iterator[str]:
    for limit in ("cpu", "memory"):
        if not _at(container, "resources", "limits", limit):
            yield f"{limit} limit"
    if probed:
        for probe in ("livenessProbe", "readinessProbe"):
            if not container.get(probe):
                yield probe
    own = _at(container, "securityContext") or {}
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation: false"
    if _at(own, "capabilities", "drop") != ["ALL"]:
        yield "capabilities.drop: [ALL]"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem"
    whole = {**(pod.get("securityContext") or {}), **own}
    if "runAsUser" not in whole and whole.get("runAsNonRoot") is not True:
        yield "user to run as (runAsNonRoot or runAsUser)"
    if not whole.get("seccompProfile"):
        yield "seccompProfile"


def _at(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else value
    return True if isinstance(value, Unknown) else value


WORKLOAD: Final = Rule(
    "workload",
    "Every workload has limits, probes and a security context.",
    "One container could take a node's memory from the databases, hang unnoticed, or own the node once it is broken.",
    of_resource=_bare,
)
