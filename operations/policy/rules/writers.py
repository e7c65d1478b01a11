"""One region writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from operations.plan.recorded import Recorded
from operations.plan.values import reveal
from operations.policy.model import Facts, Finding, Rule

CNPG_CLUSTER: Final = "kubernetes:postgresql.cnpg.io/v1:Cluster"


def writes(resource: Recorded) -> bool:
    """True where the resource is a PostgreSQL cluster that accepts writes."""
    if resource.type != CNPG_CLUSTER:
        return False
    spec = reveal(resource.inputs.get("spec"))
    replica: Any = spec.get("replica") if isinstance(spec, Mapping) else None
    if not isinstance(replica, Mapping) or replica.get("enabled") is False:
        return True
    return replica.get("enabled") is not True and replica.get("primary") == replica.get("self")


def _foreign(resource: Recorded, facts: Facts) -> Iterator[Finding]:
    if facts.phase != "active-active" and facts.stack != facts.primary and writes(resource):
        yield Finding(
            resource.name,
            f"{resource.name} accepts writes, and the primary region is {facts.primary}.",
            f"Let it follow {facts.primary}, or turn the roles round with openova:authority (docs/authority.md).",
        )


def _several(resources: Sequence[Recorded], facts: Facts) -> Iterator[Finding]:
    writing = [resource for resource in resources if writes(resource)]
    if facts.phase != "active-active" and len(writing) > 1:
        yield Finding(
            writing[1].name,
            f"{' and '.join(item.name for item in writing)} both accept writes.",
            "One of them must follow the other (spec.replica).",
            urn=writing[1].urn,
        )


ONE_WRITER: Final = Rule(
    "one-writer",
    "One region writes, unless the phase is active-active.",
    "Two writers take different rows under the same keys; one side's are lost when they are joined again.",
    of_resource=_foreign,
    of_stack=_several,
)
