"""What drills have shown: one file a run in `docs/evidence`, written by the drill."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "docs/evidence"
DAYS: Final = 183
"""For so long a run counts: what runs is not what ran half a year ago."""


@dataclass(frozen=True)
class Drill:
    """One run. `rto` in seconds without writes, None where it was not measured; `rpo_rows` rows that were acknowledged
    and are missing."""

    scenario: str
    at: datetime
    mode: str
    rto: float | None
    rpo_rows: int
    passed: bool
    lab: bool
    file: str

    def fresh(self, today: date) -> bool:
        """Whether it still counts."""
        return today - self.at.date() <= timedelta(days=DAYS)

    def told(self) -> str:
        """One line of it."""
        where = "in the lab" if self.lab else "on servers"
        pause = "" if self.rto is None else f", {self.rto:g} s without writes"
        result = "passed" if self.passed else "FAILED"
        rows = f"{self.rpo_rows} rows lost"
        return f"{self.scenario} {result} {self.at:%Y-%m-%d} {where}, guard {self.mode}{pause}, {rows} ({self.file})"


def read_drills(root: Path) -> tuple[list[Drill], list[str]]:
    """All runs, the latest last, and the names of files that are none. Fields that are not known are ignored."""
    drills, unread = list[Drill](), list[str]()
    for file in sorted((root / FOLDER).glob("*.json")):
        name = f"{FOLDER}/{file.name}"
        try:
            drills.append(_drill(json.loads(file.read_text(encoding="utf-8")), name))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            unread.append(name)
    return sorted(drills, key=lambda drill: drill.at), unread


def _drill(told: dict[str, Any], file: str) -> Drill:
    at = datetime.fromisoformat(told["at"])
    if not isinstance(told["passed"], bool):
        raise TypeError("passed")
    return Drill(
        scenario=str(told["scenario"]),
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        mode=str(told.get("mode", "unknown")),
        rto=None if told.get("rto") is None else float(told["rto"]),
        rpo_rows=int(told.get("rpo_rows") or 0),
        passed=told["passed"],
        lab=told.get("lab") is not False,  # a run that does not say so was none on servers
        file=file,
    )
