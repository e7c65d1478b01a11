"""A store in memory for the order of events, which a real one does not let a test choose; the real one is tried too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from operations.epoch import Conflict, EpochRecord, Stated, Statement, Unreachable, Versioned


class KeptStore:
    """Keeps what EpochStore keeps; `log` lists the calls, while `silent` none is answered, and
    while `full` no statement is taken."""

    def __init__(self, record: EpochRecord | None = None) -> None:
        self.record, self.log, self.silent, self.full = record, list[str](), False, False
        self.said: dict[str, Statement] = {}

    def read(self) -> Versioned | None:
        self._answer("read")
        at = datetime.now(UTC)
        return Versioned(record=self.record, version=str(self.record.epoch), stored=at) if self.record else None

    def write(self, record: EpochRecord, expected: Versioned | None) -> str:
        self._answer("write")
        if (self.record is None) != (expected is None):
            raise Conflict("another came first")
        self.record = record
        return str(record.epoch)

    def state(self, statement: Statement) -> None:
        self._answer("state")
        if self.full:
            raise Unreachable("it is full")
        self.said[statement.node] = statement

    def statements(self, region: str) -> Sequence[Stated]:
        self._answer("statements")
        return [Stated(statement=said, stored=said.at) for said in self.said.values() if said.region == region]

    def _answer(self, call: str) -> None:
        self.log.append(call)
        if self.silent:
            raise Unreachable("no answer")
