"""One place's word on a region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Witnessed:
    """What was seen of the region from one place. `alive`: it answers there; None where that tells nothing.

    `of`: whether it was the database that was asked, or its servers alone. Servers that answer may well have a database
    that writes, so they stop a failover too; a person may know better.
    """

    place: str
    seen: str
    alive: bool | None
    of: Literal["database", "servers"] = "database"
