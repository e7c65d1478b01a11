"""What came of every stack, for people and for scripts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from operations.stacks.engine import Command, Run
from operations.stacks.schedule import Outcome

WORDS = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced", "import": "imported"}
PLANNED = {"create": "to create", "update": "to update", "delete": "to delete", "replace": "to replace"}


@dataclass
class StackResult:
    """One stack over all rounds. `rounds` is how often it was carried out, `kept` what a destroy left in it."""

    name: str
    log: str
    outcome: Outcome | None = None
    rounds: int = 0
    seconds: float = 0.0
    changes: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    stopped_by: list[str] = field(default_factory=list)

    def add(self, run: Run, seconds: float) -> None:
        """One round more. Errors and warnings are those of the last."""
        self.rounds += 1
        self.seconds += seconds
        self.changes.update(run.changes)
        self.errors, self.warnings = run.errors, run.warnings

    def said(self, command: Command) -> str:
        """The changes in words, such as `3 created, 1 updated`."""
        words = PLANNED if command == "preview" else WORDS
        found = [f"{count} {words.get(op, op)}" for op, count in sorted(self.changes.items())]
        return ", ".join(found) or ("nothing to change" if self.outcome == "done" else "")

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "rounds": self.rounds,
            "seconds": round(self.seconds, 1),
            "changes": dict(sorted(self.changes.items())),
            "errors": self.errors,
            "warnings": self.warnings,
            "kept": self.kept,
            "stoppedBy": self.stopped_by,
            "log": self.log,
        }


@dataclass(frozen=True)
class Result:
    """All stacks in their order. `next_steps` are commands that somebody has to give."""

    command: Command
    stacks: tuple[StackResult, ...]
    next_steps: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every stack was carried out to its end."""
        return all(stack.outcome == "done" for stack in self.stacks)

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "command": self.command,
            "ok": self.ok,
            "stacks": [stack.document() for stack in self.stacks],
            "nextSteps": [*self.next_steps],
        }
