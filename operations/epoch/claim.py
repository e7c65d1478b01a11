"""Writing the record so that afterwards it is known what stands there."""

from __future__ import annotations

from operations.epoch.record import EpochRecord, Versioned
from operations.epoch.store import Conflict, EpochStore, Unreachable


def claim(store: EpochStore, record: EpochRecord) -> Versioned:
    """Makes it the record, and gives it as the store has it. Again with a record that stands already, it does nothing,
    so that a command that was broken off can begin anew.

    Raises Conflict where another record came first or an older one would return, Unreachable where even a second look
    does not tell whether the write was done; else what the store raises.
    """
    current = store.read()
    if current is not None and _same(current.record, record):
        return current
    try:
        store.write(record, current)
    except (Conflict, Unreachable) as error:
        # Perhaps ours was done, and the answer was lost.
        standing = store.read()
        if standing is not None and _same(standing.record, record):
            return standing
        raise error
    written = store.read()
    if written is None or not _same(written.record, record):
        raise Conflict(f"Epoch {record.epoch} was replaced at once by {_told(written)}.")
    return written


def _same(one: EpochRecord, other: EpochRecord) -> bool:
    """The same turn, whoever wrote it and when."""
    return (one.epoch, one.primary, one.previous, one.change) == (
        other.epoch,
        other.primary,
        other.previous,
        other.change,
    )


def _told(versioned: Versioned | None) -> str:
    return "nothing" if versioned is None else f"epoch {versioned.record.epoch} of {versioned.record.primary}"
