"""The resources of a stack as the tree their parents make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from operations.report.model import Resource, Stack

AFTER_SHOWN = 6


@dataclass(frozen=True)
class Branch:
    """A resource with its children. `after` names what it waits for, `more_after` counts what is left out.

    `below` counts all resources under it, `protected_below` those among them that are protected.
    """

    resource: Resource
    children: tuple[Branch, ...]
    after: tuple[str, ...]
    more_after: int
    below: int
    protected_below: int


def branches(stack: Stack) -> tuple[Branch, ...]:
    """The roots: what has no parent, or one outside the stack. A ring of parents is cut at its first resource."""
    by_urn = {resource.urn: resource for resource in stack.resources}
    children: dict[str, list[Resource]] = defaultdict(list)
    roots: list[Resource] = []
    for resource in by_urn.values():
        if resource.parent in by_urn and resource.parent != resource.urn:
            children[resource.parent].append(resource)
        else:
            roots.append(resource)
    seen: set[str] = set()
    grown = [_grow(root, children, by_urn, seen) for root in roots]
    while left := [resource for urn, resource in by_urn.items() if urn not in seen]:
        grown.append(_grow(left[0], children, by_urn, seen))
    return tuple(grown)


def _grow(
    resource: Resource, children: Mapping[str, list[Resource]], by_urn: Mapping[str, Resource], seen: set[str]
) -> Branch:
    seen.add(resource.urn)
    below: list[Branch] = []
    for child in children.get(resource.urn, ()):
        if child.urn not in seen:
            below.append(_grow(child, children, by_urn, seen))
    after = tuple(by_urn[urn].name if urn in by_urn else urn.rsplit("::", 1)[-1] for urn in resource.depends_on)
    return Branch(
        resource=resource,
        children=tuple(below),
        after=after[:AFTER_SHOWN],
        more_after=max(len(after) - AFTER_SHOWN, 0),
        below=sum(1 + branch.below for branch in below),
        protected_below=sum(branch.resource.protect + branch.protected_below for branch in below),
    )


def types(stack: Stack) -> tuple[tuple[str, int], ...]:
    """Types with their counts, the most frequent first; counted from the resources where the plan gives none."""
    counts: dict[str, int] = dict(stack.types)
    if not counts:
        for resource in stack.resources:
            counts[resource.type] = counts.get(resource.type, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def protected(stack: Stack) -> int:
    """How many resources are protected from deletion."""
    return sum(resource.protect for resource in stack.resources)
