"""What is examined, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "warn", "fail", "unknown"]
SERIOUS: tuple[Status, ...] = ("fail", "warn", "unknown", "ok")
"""From the worst to the best."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: where, what was seen there, the rule, what follows if it is broken, the way out."""

    where: str
    name: str
    status: Status
    seen: str
    rule: str
    consequence: str = ""
    fix: str = ""

    def document(self) -> dict[str, str]:
        """The check as JSON values."""
        return {
            "where": self.where,
            "name": self.name,
            "status": self.status,
            "seen": self.seen,
            "rule": self.rule,
            "consequence": self.consequence,
            "fix": self.fix,
        }


@dataclass(frozen=True)
class Report:
    """All checks, in the order in which they are shown."""

    checks: tuple[Check, ...]

    @property
    def failed(self) -> bool:
        """True where something has to be mended first."""
        return any(check.status == "fail" for check in self.checks)

    def count(self, status: Status) -> int:
        """How many checks came out so."""
        return sum(check.status == status for check in self.checks)

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "failed": self.failed,
            "counts": {status: self.count(status) for status in SERIOUS},
            "checks": [check.document() for check in self.checks],
        }


def by_place(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """The checks by where they were made, in their order."""
    places: dict[str, list[Check]] = {}
    for check in checks:
        places.setdefault(check.where, []).append(check)
    return places
