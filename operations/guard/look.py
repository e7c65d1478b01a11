"""The guard's side of the record: reads it, renews a lease, and states what the barrier does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from operations.epoch import Barrier, Conflict, EpochRecord, EpochStore, Isolation, Statement, StoreError
from operations.guard.decide import Reading, Turn, believable
from operations.guard.memory import Memory

REPEAT: Final = 60.0
"""Seconds after which a node says again what it said."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which node this is, and how it behaves. With `founds` it makes the record of epoch 1 where there is none, if it
    never read one. `signs` is where files tell the probes that it lives. While the file `off` is there, nothing is
    guarded here any more."""

    region: str
    node: str
    isolation: Isolation
    ttl: float
    founds: bool = False
    signs: Path | None = None
    off: Path | None = None


class Said:
    """Tells a thing once, until it changes."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell, self._last = tell, dict[str, str]()

    def __call__(self, about: str, text: str) -> None:
        """Tells it, if it is not what was told last about this."""
        if self._last.get(about) != text:
            self._last[about] = text
            self._tell(text)


class Look:
    """`reading` is the newest record that was believed. `applied` is what the barrier was made, and in which epoch's
    knowledge; whoever makes it so writes it here afterwards."""

    def __init__(self, place: Place, store: EpochStore, memory: Memory, said: Said, clock: Callable[[], float]) -> None:
        self._place, self._store, self._memory, self._said, self._clock = place, store, memory, said, clock
        self.reading: Reading | None = None
        self.applied: tuple[int, Barrier] | None = None
        self._stated: tuple[tuple[int, Barrier] | None, float] = (None, float("-inf"))
        self._leased = float("-inf")

    def turn(self) -> Turn | None:
        """The highest turn that is known; None where none is."""
        return self.reading.turn if self.reading else self._memory.turn()

    def once(self) -> bool:
        """One look. False where the store failed."""
        try:
            self._look()
            self._state()
        except StoreError as error:
            self._said("record", f"the record: {error}")
            return False
        self._said("record", "the record is in reach")
        return True

    def _look(self) -> None:
        """The order is what the wait of a failover rests on (operations.epoch.silence): note the time, state, read."""
        noted = self._clock()
        lease = self._holds() and noted - self._leased >= self._place.ttl / 4
        if lease:
            self._store.state(self._statement("open"))
        turn = self._read()
        if turn is None:
            return
        known = self.reading if self.reading and self.reading.turn == turn else None
        if lease:
            self._leased = noted
        self.reading = Reading(turn=turn, leased_from=noted if lease else known.leased_from if known else None)
        if self._holds() and self.reading.leased_from is None:
            self._leased = float("-inf")
            self._look()  # the first reading of a turn followed no statement

    def _read(self) -> Turn | None:
        """The turn that the store tells, remembered; None where there is none to believe."""
        found, remembered = self._store.read(), self._memory.turn()
        if found is None:
            self._found(remembered)
            return None
        turn = Turn(epoch=found.record.epoch, primary=found.record.primary)
        if not believable(turn, remembered):
            self._said("turn", f"epoch {turn.epoch} of {turn.primary} is not believed: this node has read {remembered}")
            return None
        if turn != remembered:
            try:
                self._memory.keep(turn)
            except OSError as error:
                self._said("memory", f"this node will forget epoch {turn.epoch} with its next restart: {error}")
        return turn

    def _found(self, remembered: Turn | None) -> None:
        """Makes the first record of all. It is opened by what is read afterwards, as any other."""
        if not self._place.founds or remembered is not None:
            self._said("turn", "there is no record: nothing is opened by it")
            return
        claimer = f"guard of {self._place.node}"
        first = EpochRecord(epoch=1, primary=self._place.region, claimed_by=claimer, at=datetime.now(UTC))
        try:
            self._store.write(first, None)
        except Conflict:
            return

    def _holds(self) -> bool:
        """Whether this region has a lease to renew."""
        named = self.reading is not None and self.reading.turn.primary == self._place.region
        return named and self._place.isolation == "fence"

    def _state(self) -> None:
        """Says what was loaded, where that is news."""
        applied, now = self.applied, self._clock()
        if applied is None or applied[0] != self._epoch() or (self._holds() and applied[1] == "open"):
            return  # nothing is loaded yet, or not for what was just read; or the lease says it
        last, at = self._stated
        if applied != last or now - at >= REPEAT:
            self._store.state(self._statement(applied[1]))
            self._stated = (applied, now)

    def _epoch(self) -> int:
        turn = self.turn()
        return turn.epoch if turn else 0

    def _statement(self, barrier: Barrier) -> Statement:
        return Statement(
            region=self._place.region,
            node=self._place.node,
            epoch=self._epoch(),
            barrier=barrier,
            isolation=self._place.isolation,
            ttl=self._place.ttl,
            at=datetime.now(UTC),
        )
