"""The one set of rules, and how it is applied to what one stack registers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from operations.plan.recorded import Recorded
from operations.policy.model import Facts, Finding, Level, Rule, Violation
from operations.policy.rules.exposure import PUBLIC_DATABASE
from operations.policy.rules.images import IMAGE_DIGEST
from operations.policy.rules.kept import KEPT
from operations.policy.rules.residency import RESIDENCY
from operations.policy.rules.secrecy import PLAIN_SECRET
from operations.policy.rules.workloads import WORKLOAD
from operations.policy.rules.writers import ONE_WRITER

RULES: Final = (KEPT, PUBLIC_DATABASE, PLAIN_SECRET, ONE_WRITER, IMAGE_DIGEST, WORKLOAD, RESIDENCY)


def of_resource(resource: Recorded, facts: Facts) -> Iterator[Violation]:
    """What one resource breaks. Of one that is only read, nothing."""
    if resource.read:
        return
    for rule in RULES:
        if rule.of_resource is not None:
            yield from _judged(rule, rule.of_resource(resource, facts), facts, resource.urn)


def of_stack(resources: Sequence[Recorded], facts: Facts) -> Iterator[Violation]:
    """What all resources of a stack break together."""
    for rule in RULES:
        if rule.of_stack is not None:
            yield from _judged(rule, rule.of_stack(resources, facts), facts, "")


def violations(resources: Sequence[Recorded], facts: Facts) -> list[Violation]:
    """Everything that a stack breaks, each once, in order."""
    single = (item for resource in resources for item in of_resource(resource, facts))
    return sorted({*single, *of_stack(resources, facts)})


def _judged(rule: Rule, findings: Iterable[Finding], facts: Facts, urn: str) -> Iterator[Violation]:
    for finding in findings:
        reasons = [item.because for item in facts.acknowledged if item.covers(rule.id, finding.resource)]
        level: Level = "acknowledged" if reasons else "advisory" if finding.advisory else "mandatory"
        yield Violation(
            stack=facts.stack,
            rule_id=rule.id,
            resource=finding.resource,
            says=finding.says,
            level=level,
            rule=rule.rule,
            consequence=rule.consequence,
            fix=finding.fix,
            because=reasons[0] if reasons else "",
            urn=finding.urn or urn,
        )
