"""The rules over all stacks of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from operations.plan.project import SECRET_PLACEHOLDER, Planned
from operations.plan.recorded import Recorded
from operations.plan.standins import placeholder, random_texts
from operations.policy.facts import facts_of
from operations.policy.model import Violation
from operations.policy.rules.writers import ONE_WRITER, writes
from operations.policy.ruleset import violations

_PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 a type
_BYTES = "random:index/randomBytes:RandomBytes"
_KEY = "tls:index/privateKey:PrivateKey"


def of_plan(planned: Planned) -> list[Violation]:
    """Everything that the plan breaks, in every stack and over all of them."""
    platform = planned.project.platform
    known = frozenset(_secret_values(planned))
    found: list[Violation] = []
    for name, evaluation in planned.evaluations.items():
        facts = facts_of(platform, planned.project.stacks[name], name, known)
        found += violations(evaluation.resources, facts)
    if platform.phase != "active-active":
        writing = [
            (name, item)
            for name, evaluation in planned.evaluations.items()
            for item in evaluation.resources
            if writes(item)
        ]
        found += _several(writing)
    return sorted(set(found))


def _several(writing: Sequence[tuple[str, Recorded]]) -> Iterator[Violation]:
    for stack, resource in writing[1:]:
        yield Violation(
            stack=stack,
            rule_id=ONE_WRITER.id,
            resource=resource.name,
            says=f"{writing[0][1].name} of {writing[0][0]} and {resource.name} of {stack} both accept writes.",
            level="mandatory",
            rule=ONE_WRITER.rule,
            consequence=ONE_WRITER.consequence,
            fix="One of them must follow the other (docs/authority.md).",
            urn=resource.urn,
        )


def _secret_values(planned: Planned) -> Iterator[str]:
    """The stand-ins of every secret that the stacks make or are given: wherever one arrives, the secret would."""
    yield SECRET_PLACEHOLDER
    for evaluation in planned.evaluations.values():
        for resource in evaluation.resources:
            if resource.type == _PASSWORD:
                yield placeholder(resource, "password")
            elif resource.type == _KEY:
                yield placeholder(resource, "private-key")
            elif resource.type == _BYTES:
                yield from random_texts(resource).values()
