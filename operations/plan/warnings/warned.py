"""One warning of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["danger", "warning", "notice"]
ORDER: tuple[Severity, ...] = ("danger", "warning", "notice")
"""From the worst to the least."""


@dataclass(frozen=True)
class Warned:
    """One thing to know: `where` is the file and key that decide it."""

    id: str
    severity: Severity
    where: str
    rule: str
    consequence: str
    remedy: str
