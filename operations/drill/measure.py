"""Figures from what happened. Pure. All times are seconds; those called `at` are since 1970."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from operations.drill.events import Read, Write

PAUSE_SECONDS: Final = 0.5
"""A time without any acknowledged write that is worth a line; at 200 a second there is one every 5 ms."""


@dataclass(frozen=True)
class Pause:
    """Nobody was told that a row is written, from `at` on, for so many `seconds`."""

    at: float
    seconds: float


@dataclass(frozen=True)
class Reading:
    """Of one region: how many reads were asked and failed, how many of the others were asked `twice`, and the longest
    time between two that were answered."""

    asked: int
    failed: int
    twice: int
    longest: float

    @property
    def availability(self) -> float:
        """The share that was answered, 0 to 1; 1 where nothing was asked."""
        return 1 - self.failed / self.asked if self.asked else 1.0


def pauses(writes: Sequence[Write], begun: float, ended: float) -> list[Pause]:
    """Every time longer than PAUSE_SECONDS without an acknowledged write, in the order in which they came."""
    times = sorted(write.ended for write in writes if write.cluster and begun <= write.ended <= ended)
    gaps = [Pause(one, other - one) for one, other in pairwise([begun, *times, ended])]
    return [gap for gap in gaps if gap.seconds > PAUSE_SECONDS]


def first_by(writes: Sequence[Write], cluster: str, since: float) -> float | None:
    """When this cluster acknowledged its first row that was ended after `since`."""
    return min((write.ended for write in writes if write.cluster == cluster and write.ended > since), default=None)


def last_by(writes: Sequence[Write], cluster: str) -> float | None:
    """When this cluster acknowledged its last row."""
    return max((write.ended for write in writes if write.cluster == cluster), default=None)


@dataclass(frozen=True)
class Lost:
    """Acknowledged rows that the writer does not have at the end.

    `seconds` is from the first of them to the last row that their cluster acknowledged.
    """

    rows: int
    seconds: float


def lost(writes: Sequence[Write], there: Mapping[str, frozenset[int]]) -> Lost:
    """`there` are the numbers by region that the writer has now."""
    acknowledged = [write for write in writes if write.cluster]
    missing = [write for write in acknowledged if write.number not in there.get(write.region, frozenset())]
    if not missing:
        return Lost(0, 0.0)
    by = {write.cluster for write in missing}
    end = max(write.ended for write in acknowledged if write.cluster in by)
    return Lost(len(missing), end - min(write.ended for write in missing))


@dataclass(frozen=True)
class Twice:
    """Two regions took writes at one time: for so many seconds, and so many rows that only the old one has."""

    seconds: float
    rows: int


def twice(writes: Sequence[Write], old: str, new: str, since: float) -> Twice:
    """From the first row that the new writer acknowledged to the last one of the old. Changes of role after `since`.

    Nothing is hidden in the difference of clocks: both are of the pods that asked, on a real pair of different ones.
    """
    first, last = first_by(writes, new, since), last_by(writes, old)
    if first is None or last is None or last <= first:
        return Twice(0.0, 0)
    rows = sum(1 for write in writes if write.cluster == old and write.ended > first)
    return Twice(last - first, rows)


def reading(reads: Sequence[Read], begun: float, ended: float) -> Reading:
    """One region's reads between two times."""
    within = [read for read in reads if begun <= read.ended <= ended]
    times = sorted(read.ended for read in within if read.cluster)
    gaps = [other - one for one, other in pairwise([begun, *times, ended])]
    failed, twice = sum(1 for read in within if not read.cluster), sum(1 for read in within if read.twice)
    return Reading(len(within), failed, twice, max(gaps, default=0.0))


def took(writes: Sequence[Write], begun: float, ended: float) -> tuple[float, float]:
    """Median and 99th percentile of the seconds from asking to the acknowledgement; zeros where there is none."""
    found = sorted(write.ended - write.asked for write in writes if write.cluster and begun <= write.ended <= ended)
    if not found:
        return 0.0, 0.0
    return found[len(found) // 2], found[min(len(found) - 1, len(found) * 99 // 100)]
