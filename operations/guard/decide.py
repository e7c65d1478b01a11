"""What the barrier of a node has to be: a pure function of what the guard knows.

The rule that all else serves: it is opened to writers only by a record that was read and names this region.
"""

from __future__ import annotations

from dataclasses import dataclass

from operations.epoch import Barrier, Isolation


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Which region writes in which epoch."""

    epoch: int
    primary: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The newest record that this process read and believed. `leased_from` (monotonic seconds) is the time noted before
    the statement that this, or an earlier reading of the same turn, followed; None where none did."""

    turn: Turn
    leased_from: float | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the kernel has: `endless` where an opening has no end of its own."""

    barrier: Barrier
    endless: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`remembered` is the highest turn that this node ever read, over restarts and boots. `follows` says whether the
    region's cluster is a replica by its own resource; None where that was never read, or there is no cluster.
    `ttl` and `now` (monotonic) in seconds."""

    region: str
    isolation: Isolation
    ttl: float
    now: float
    reading: Reading | None = None
    remembered: Turn | None = None
    follows: bool | None = None
    found: Found = Found(barrier="closed")


@dataclass(frozen=True, kw_only=True)
class Order:
    """The barrier that has to be, for `seconds` or without end. With `keep` the kernel has it already."""

    barrier: Barrier
    why: str
    seconds: float | None = None
    keep: bool = False


def believable(turn: Turn, remembered: Turn | None) -> bool:
    """Whether a record that was read may be acted upon: an epoch never falls, and has one primary."""
    return remembered is None or turn == remembered or turn.epoch > remembered.epoch


def decide(facts: Facts) -> Order:
    """The order of this moment."""
    if (order := _writing(facts)) is not None:
        return order
    if facts.follows:
        # Nothing can be written to a cluster that follows, so it is open whatever the record says.
        seconds = facts.ttl if facts.isolation == "fence" else None
        return Order(barrier="reading", why="the cluster follows another region", seconds=seconds)
    return _otherwise(facts)


def _writing(facts: Facts) -> Order | None:
    """Leave to write, where there is any."""
    reading = facts.reading
    if reading is None or reading.turn.primary != facts.region:
        return None
    why = f"epoch {reading.turn.epoch} names this region"
    if facts.isolation == "continue":
        return Order(barrier="open", why=why)
    left = 0.0 if reading.leased_from is None else reading.leased_from + facts.ttl - facts.now
    return Order(barrier="open", why=why, seconds=left) if left > 0 else None


def _otherwise(facts: Facts) -> Order:
    """A cluster that could be written to, and a region that has no leave, or does not know."""
    turn = facts.reading.turn if facts.reading else facts.remembered
    if turn is not None and turn.primary != facts.region:
        return Order(barrier="closed", why=f"epoch {turn.epoch} names {turn.primary}")
    if facts.reading is not None:
        return Order(barrier="closed", why=f"the record was out of reach for {facts.ttl:g} s")
    if facts.found.barrier == "open" and not (facts.isolation == "fence" and facts.found.endless):
        return Order(barrier="open", why="as the guard before this one left it", keep=True)
    return Order(barrier="closed", why="no record that names this region was read since the boot")
