"""What is known when the list is gone through, and what comes of an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from operations.readiness.acts import Act
from operations.readiness.drills import Drill
from settings.loader import Project
from settings.platform import Platform

Group = Literal["prerequisites", "go-live", "operation"]


@dataclass(frozen=True)
class Evidence:
    """One thing that shows an item, or what is missing; `fix` says how to get it."""

    shown: bool
    told: str
    fix: str = ""


@dataclass(frozen=True)
class Known:
    """Everything that evidence is taken from. `live` is what clusters and stacks answered, by question."""

    root: Path
    today: date
    project: Project
    acts: Mapping[str, Act]
    drills: Sequence[Drill]
    live: Mapping[str, Evidence] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        """The shared settings."""
        return self.project.platform


Proof = Callable[[Known], Evidence]


def always(known: Known) -> bool:
    """Needed whatever the settings say."""
    return True


@dataclass(frozen=True)
class Item:
    """One line of the list: shown once all its proofs are. `needed` tells whether these settings want it at all."""

    name: str
    group: Group
    text: str
    proofs: tuple[Proof, ...]
    needed: Callable[[Known], bool] = always


@dataclass(frozen=True)
class Answer:
    """What came of an item."""

    item: Item
    needed: bool
    evidence: tuple[Evidence, ...]

    @property
    def status(self) -> Literal["shown", "not shown", "not needed"]:
        """In one word."""
        if not self.needed:
            return "not needed"
        return "shown" if all(each.shown for each in self.evidence) else "not shown"

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.item.name,
            "group": self.item.group,
            "text": self.item.text,
            "status": self.status,
            "evidence": [{"shown": each.shown, "told": each.told, "fix": each.fix} for each in self.evidence],
        }


def answers(items: Sequence[Item], known: Known) -> list[Answer]:
    """All of them, in their order."""
    found = []
    for item in items:
        needed = item.needed(known)
        found.append(Answer(item, needed, tuple(proof(known) for proof in item.proofs) if needed else ()))
    return found
