"""Records and statements for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from operations.epoch import EpochRecord, Statement

AT = datetime(2027, 1, 1, 3, 0, tzinfo=UTC)


def record(epoch: int = 1, primary: str = "eu", **more: Any) -> EpochRecord:
    """The record of that epoch; from the second on after a switchover from the other region."""
    if epoch > 1:
        more = {"previous": "in" if primary == "eu" else "eu", "change": "switchover"} | more
    return EpochRecord(epoch=epoch, primary=primary, at=AT, **more)


def statement(**more: Any) -> Statement:
    """What a node of Europe says that writes, with a lease of 20 s."""
    said: dict[str, Any] = {
        "region": "eu",
        "node": "eu-1",
        "epoch": 1,
        "barrier": "open",
        "isolation": "fence",
        "ttl": 20.0,
        "at": AT,
    }
    return Statement(**said | more)
