"""One project's stacks through the Automation API: what is there, and what is done to them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pulumi.automation import CommandError, DiagnosticEvent, EngineEvent, LocalWorkspace, OpType, PolicyEvent, Stack

from operations.stacks.pulumi_command import Interruptible

Command: TypeAlias = Literal["up", "preview", "destroy"]
UNTOUCHED: Final = frozenset({OpType.SAME, OpType.READ, OpType.REFRESH, OpType.DISCARD, OpType.DISCARD_REPLACED})
"""Operations that change nothing: what was only read is forgotten without a trace."""

PACK: Final = Path(__file__).parents[1] / "policy" / "pack"
"""The policies as the engine takes them (docs/policies.md)."""

_FOLLOWS: Final = ("an unhandled error occurred: program exited", "update failed", "preview failed")
"""What the engine says after an error that was told already."""

_MARK: Final = re.compile(r"<\{%.*?%\}>")

Tell: TypeAlias = Callable[[str], None]


class _Workspace(LocalWorkspace):
    """The project's folder. Which stack is selected for plain `pulumi` commands stays as it is."""

    def select_stack(self, stack_name: str) -> None:
        """Every command names its stack."""


@dataclass
class Run:
    """What became of one stack: changes by operation, and what the program and the engine say of failures.

    `violations` are the policies' own words; the errors that follow from them are not told.
    """

    changes: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ok: bool = False


class Engine:
    """The CLI in the project's folder `root`. Raises OSError or InvalidVersionError where there is none that fits."""

    def __init__(self, root: Path) -> None:
        self._command = Interruptible()
        self._workspace = _Workspace(work_dir=str(root), pulumi_command=self._command)

    def interrupt(self, stack: str | None = None) -> int:
        """Ask everything that runs, or what runs of one stack, to come to an end; a second time, to end at once."""
        return self._command.interrupt(stack)

    def stacks(self) -> set[str]:
        """The initialised stacks. Raises CommandError where the backend cannot be asked."""
        listed = json.loads(self._ask("stack", "ls", "--json"))
        return {str(item["name"]).rpartition("/")[2] for item in listed}

    def outputs(self, stack: str) -> dict[str, Any]:
        """A stack's outputs without its secrets; empty before its first `up`."""
        found: dict[str, Any] = json.loads(self._ask("stack", "output", "--json", "--stack", stack))
        return found

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """What the state holds of a stack, without itself and its providers. Secrets stay encrypted."""
        state = json.loads(self._ask("stack", "export", "--stack", stack))
        found = state["deployment"].get("resources") or []
        return [item for item in found if not item["type"].startswith(("pulumi:pulumi:", "pulumi:providers:"))]

    def unprotect(self, stack: str, urn: str) -> None:
        """The engine may delete this one resource. Raises CommandError."""
        self._ask("state", "unprotect", "--yes", "--stack", stack, urn)

    def carry_out(
        self, command: Command, stack: str, log: Tell, tell: Tell, *, exclude_protected: bool = False,
        policies: bool = True,
    ) -> Run:  # fmt: skip
        """Carry a command out. `log` gets every line of the CLI, `tell` what is done to a resource."""
        run = Run()
        one = Stack.select(stack, self._workspace)
        options: dict[str, Any] = {
            "on_output": log,
            "on_error": log,
            "on_event": lambda event: _read(event, stack, run, tell),
            "color": "never",
        }
        packs = [str(PACK)] if policies else None
        try:
            if command == "up":
                one.up(show_secrets=False, suppress_outputs=True, policy_packs=packs, **options)
            elif command == "preview":
                one.preview(suppress_outputs=True, policy_packs=packs, **options)
            else:
                one.destroy(show_secrets=False, exclude_protected=exclude_protected, **options)
        except CommandError as error:
            reasons = [text for text in run.errors if not text.startswith(_FOLLOWS)]
            run.errors = run.violations or reasons or run.errors or [last_lines(error)]
        else:
            run.ok = True
        return run

    def _ask(self, *arguments: str) -> str:
        return self._command.run([*arguments], self._workspace.work_dir, {}).stdout


def last_lines(error: CommandError) -> str:
    """What the CLI itself says of a failure: the end of its standard error."""
    text = str(error).partition("stderr:")[2]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-5:]) or "the Pulumi CLI failed and said nothing"


def _read(event: EngineEvent, stack: str, run: Run, tell: Tell) -> None:
    if (said := event.diagnostic_event) is not None and not said.ephemeral:
        kept: Mapping[str, list[str]] = {"error": run.errors, "warning": run.warnings}
        text = _told(said)
        if said.severity in kept and text and text not in kept[said.severity]:
            kept[said.severity].append(text)
    elif event.policy_event is not None:
        _judged(event.policy_event, stack, run)
    elif event.res_outputs_event is not None:
        done = event.res_outputs_event.metadata
        own = not done.type.startswith("pulumi:")
        if own and done.op not in UNTOUCHED and not event.res_outputs_event.planning:
            tell(f"{_past(done.op)} {done.type.rpartition(':')[2]} {name_of(done.urn)}")
    elif event.summary_event is not None:
        changes = event.summary_event.resource_changes
        run.changes = {_value(op): count for op, count in changes.items() if _value(op) not in UNTOUCHED and count}


def name_of(urn: str) -> str:
    """The resource's name, the last part of its URN."""
    return urn.rpartition("::")[2]


def _judged(said: PolicyEvent, stack: str, run: Run) -> None:
    """A policy's word on a resource, as the plan has it; what is only advised is the plan's to tell."""
    if said.enforcement_level != "mandatory":
        return
    lines = _MARK.sub("", said.message).strip().splitlines()
    head = f"Pulumi.{stack}.yaml: policy {said.policy_name}: {name_of(said.resource_urn or stack)}"
    text = "\n".join([head, *(f"  {line}" for line in lines)])
    if text not in run.violations:
        run.violations.append(text)


def _told(said: DiagnosticEvent) -> str:
    """A diagnostic with the resource that it is of, and without the engine's marks for colours.

    Of the stack itself it is the program's own message. Where plugins are found is the doctor's matter.
    """
    text = _MARK.sub("", said.message).strip()
    if text.startswith("using pulumi-resource-"):
        return ""
    return f"{name_of(said.urn)}: {text}" if said.urn and "::pulumi:pulumi:Stack::" not in said.urn else text


def _value(op: OpType | str) -> str:
    return op.value if isinstance(op, OpType) else op


def _past(op: OpType | str) -> str:
    name = _value(op)
    return {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}.get(name, name)
