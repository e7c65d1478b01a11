"""What changed between two plans, for reviews."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Literal

from operations.policy.rules.kept import KEPT, replaces

Kind = Literal["added", "changed", "removed"]
Danger = Literal["deleted", "replaced", "unprotected"]


@dataclass(frozen=True, order=True)
class Change:
    """One resource of one stack; `fields` are the inputs and options that differ.

    `protected` tells whether the earlier plan protected it; `because` is what acknowledges the change, where it is
    dangerous and somebody did.
    """

    stack: str
    kind: Kind
    type: str
    name: str
    fields: tuple[str, ...] = ()
    protected: bool = False
    because: str = ""

    @property
    def danger(self) -> Danger | None:
        """What would happen to something that holds data or costs money; None where that is nothing bad."""
        if not self.protected or self.kind == "added":
            return None
        if self.kind == "removed":
            return "deleted"
        if any(replaces(self.type, field) for field in self.fields):
            return "replaced"
        return "unprotected" if "protect" in self.fields else None

    @property
    def dangerous(self) -> bool:
        """True where something that holds data or costs money would go, be made anew, or stand unprotected."""
        return self.danger is not None


@dataclass(frozen=True)
class Comparison:
    """The difference of a plan from an earlier one."""

    changes: tuple[Change, ...]
    cost_before: Decimal
    cost_after: Decimal
    warnings_added: tuple[str, ...]
    warnings_removed: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """True where nothing differs."""
        same_cost = self.cost_before == self.cost_after
        return not (self.changes or self.warnings_added or self.warnings_removed or self.facts) and same_cost

    def document(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "changes": [
                {
                    "stack": change.stack,
                    "kind": change.kind,
                    "type": change.type,
                    "name": change.name,
                    "fields": list(change.fields),
                    "dangerous": change.dangerous,
                    "danger": change.danger,
                    "because": change.because,
                }
                for change in self.changes
            ],
            "cost": {"before": str(self.cost_before), "after": str(self.cost_after)},
            "warnings": {"added": list(self.warnings_added), "removed": list(self.warnings_removed)},
            "facts": list(self.facts),
        }


class IncomparableError(ValueError):
    """The earlier plan is of another schema, or is no plan."""


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """What `after` adds, changes and removes. Raises IncomparableError."""
    if before.get("schema") != after["schema"]:
        raise IncomparableError(
            f"The earlier plan has schema {before.get('schema')!r}, this one {after['schema']}. Fields may mean other "
            "things, so nothing is compared. Make the earlier plan again with this version of openova."
        )
    try:
        return _compared(before, after)
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise IncomparableError(
            f"The earlier plan is not complete ({error!r}). Give the plan.json of an openova plan."
        ) from error


def _compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    old_warnings, new_warnings = _warnings(before), _warnings(after)
    return Comparison(
        changes=tuple(sorted(_changes(before, after))),
        cost_before=Decimal(before["cost"]["total"]),
        cost_after=Decimal(after["cost"]["total"]),
        warnings_added=tuple(sorted(new_warnings - old_warnings)),
        warnings_removed=tuple(sorted(old_warnings - new_warnings)),
        facts=tuple(_facts(before, after)),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = _resources(before), _resources(after)
    acknowledged = [item for item in after.get("acknowledged", ()) if item["rule"] == KEPT.id]
    for key in old.keys() | new.keys():
        resource = new.get(key) or old[key]
        what = {
            "stack": key[0],
            "type": resource["type"],
            "name": resource["name"],
            "protected": (old.get(key) or resource)["protect"],
            "because": _because(acknowledged, key[0], resource["name"]),
        }
        if key not in old:
            yield Change(kind="added", **what)
        elif key not in new:
            yield Change(kind="removed", **what)
        else:
            fields = tuple(_differing(old[key], new[key]))
            if fields:
                yield Change(kind="changed", fields=fields, **what)


def _because(acknowledged: Sequence[Mapping[str, Any]], stack: str, name: str) -> str:
    """The reason given for a resource's change: in its own stack's file, or in that of `shared` if the stack goes."""
    for item in acknowledged:
        if item["stack"] in (stack, "shared") and fnmatchcase(name, item["resource"]):
            return str(item["because"])
    return ""


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for option in ("parent", "protect", "retainOnDelete"):
        if old.get(option) != new.get(option):
            yield option
    yield from _paths(old.get("inputs", {}), new.get("inputs", {}), "")


def _paths(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _paths(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif old != new:
        yield path


def _resources(plan: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(stack["name"], item["urn"]): item for stack in plan["stacks"] for item in stack["resources"]}


def _warnings(plan: Mapping[str, Any]) -> set[str]:
    return {f"{item['where']}: {item['rule']}" for item in plan["warnings"] if item["severity"] != "notice"}


def _facts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for fact in ("phase", "authority"):
        if before.get(fact) != after.get(fact):
            yield f"{fact}: {before.get(fact)} -> {after.get(fact)}"
    old = {row["name"]: row["winner"] for row in before["steering"]["locations"]}
    new = {row["name"]: row["winner"] for row in after["steering"]["locations"]}
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield f"{name}: served by {old[name]} -> {new[name]}"
