"""What an evaluation gives: plain data, without any SDK, so that it can be read where none is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"
REFERENCE_TYPE: Final = "pulumi:pulumi:StackReference"


@dataclass(frozen=True)
class Recorded:
    """One resource as the program registered it.

    `inputs` and `outputs` hold `Value`s; `parent` and `depends_on` hold URNs; `feeds` maps an input
    to the URNs its value came from.
    """

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    depends_on: tuple[str, ...] = ()
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    provider: str = ""
    deleted_with: str = ""
    read: bool = False


@dataclass(frozen=True)
class Evaluation:
    """What one stack's program registered.

    `outputs` are the stack outputs in wire format, ready to be read by another evaluation, and `secret_outputs`
    the names of those that the contract between stacks calls secret (the SDK drops the mark of late values);
    `messages` are the program's own log lines as (severity, text).
    """

    project: str
    stack: str
    resources: tuple[Recorded, ...]
    outputs: Mapping[str, Any]
    registered_outputs: Mapping[str, Mapping[str, Any]]
    messages: tuple[tuple[str, str], ...]
    secret_outputs: frozenset[str] = frozenset()

    def of_type(self, type_: str) -> list[Recorded]:
        """The resources of one type, in the order of their URNs."""
        return [resource for resource in self.resources if resource.type == type_]

    def named(self, name: str) -> Recorded:
        """The one resource of that name. Raises LookupError where there is none, or more than one."""
        found = [resource for resource in self.resources if resource.name == name]
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources are named {name!r}")
        return found[0]
