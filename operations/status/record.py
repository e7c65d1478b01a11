"""What the record outside the regions says, and what the guards of each region do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from operations.epoch import EpochStore, Stated, StoreError
from operations.findings.model import Check, Status
from operations.guard.look import REPEAT
from operations.status.judge import PLATFORM
from settings.platform import Platform

STALE: Final = 2.0
"""So many times the time after which a guard states anew: it is not there, or does not reach the store."""


def judge_record(platform: Platform, store: EpochStore | None) -> Iterator[Check]:
    """All checks of the record and the barriers; none where the guard is off."""
    if store is None:
        return
    try:
        standing = store.read()
        stated = {code: store.statements(code) for code in platform.codes}
    except StoreError as error:
        rule, fix = "The record outside the regions can be read.", "With isolation: fence writes stop until it can be."
        yield Check(PLATFORM, "record", "fail", str(error), rule, "Nobody here knows what it says.", fix)
        return
    authority = platform.authority
    rule = "The record has the epoch and the writer of the settings."
    if standing is None:
        seen, same = "there is none yet", False
    else:
        record = standing.record
        seen = f"epoch {record.epoch}, {record.primary} writes, claimed by {record.claimed_by or 'a guard'}"
        same = (record.epoch, record.primary) == (authority.epoch, authority.primary)
    yield Check(
        PLATFORM, "record", "ok" if same else "fail", seen, rule,
        f"The settings have epoch {authority.epoch}, {authority.primary} writes; guards obey the record.",
        "Bring Pulumi.yaml up to date (git pull), or run the command that changed it again.",
    )  # fmt: skip
    for code in platform.codes:
        yield _barrier(platform, code, stated[code])


def _barrier(platform: Platform, code: str, statements: Sequence[Stated]) -> Check:
    wanted = "open" if code == platform.authority.primary else "reading"
    rule = f"Every node's guard has stated lately that its barrier is {wanted}."
    now, nodes = datetime.now(UTC), platform.region(code).nodes
    told = {each.statement.node: each for each in statements}
    parts: list[str] = []
    level: Status = "ok"
    for node in nodes:
        each = told.get(node)
        if each is None:
            parts.append(f"{node}: nothing")
            level = "fail"
            continue
        age = (now - each.stored).total_seconds()
        leased = each.statement.barrier == "open" and each.statement.isolation == "fence"
        late = age > STALE * (each.statement.ttl if leased else REPEAT)
        parts.append(f"{node}: {each.statement.barrier}{f', {age:.0f} s ago' if late else ''}")
        if each.statement.barrier != wanted or late:
            level = "fail" if each.statement.barrier != wanted else max(level, "warn", key=_worse)
    consequence = "A shut node serves nobody; a silent one may be anything."
    return Check(code, "barrier", level, ", ".join(parts), rule, consequence, "docs/authority.md, The guard")


def _worse(status: Status) -> int:
    return ("ok", "unknown", "warn", "fail").index(status)
