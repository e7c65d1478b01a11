"""What a plan does not let pass, as problems of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.plan.compare import Change, Comparison
from operations.policy.rules.kept import KEPT
from settings.problems import Problem

_WOULD = {
    "deleted": "would be deleted",
    "replaced": "would be deleted and made anew",
    "unprotected": "would lose its protection",
}


def refusals(plan: Mapping[str, Any], comparison: Comparison | None) -> list[Problem]:
    """Every mandatory violation of the plan, and every dangerous change that nothing acknowledges."""
    found = [_of_violation(item) for item in plan["policies"] if item["level"] == "mandatory"]
    changes = comparison.changes if comparison is not None else ()
    return found + [_of_change(change) for change in changes if change.dangerous and not change.because]


def _of_violation(item: Mapping[str, Any]) -> Problem:
    return Problem(
        f"Pulumi.{item['stack']}.yaml",
        f"policy {item['policy']}: {item['resource']}",
        f"{item['rule']} {item['says']}",
        item["consequence"],
        item["fix"],
    )


def _of_change(change: Change) -> Problem:
    touched = [field for field in change.fields if field != "protect"] or [*change.fields]
    by = f" by {', '.join(touched)}" if change.kind == "changed" else ""
    acknowledgement = f'{{rule: {KEPT.id}, resource: {change.name}, because: "..."}}'
    return Problem(
        f"Pulumi.{change.stack}.yaml",
        f"policy {KEPT.id}: {change.name}",
        f"{KEPT.rule} {change.name} of {change.stack} {_WOULD[change.danger or 'deleted']}{by}.",
        KEPT.consequence,
        f"Put it back. Where it is meant, add {acknowledgement} to openova:acknowledged of this file, or of "
        "Pulumi.shared.yaml where the stack goes (docs/policies.md).",
    )
