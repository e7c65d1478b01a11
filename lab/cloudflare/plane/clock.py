"""Time of the data plane, in its own seconds, and what is due when."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol


class Clock(Protocol):
    """Seconds since the beginning."""

    def now(self) -> float:
        """What time it is."""
        ...

    def reach(self, when: float) -> None:
        """It is at least this time now."""
        ...


@dataclass
class VirtualClock:
    """Stands still until it is told otherwise: minutes pass in no time, and always the same way."""

    time: float = 0.0

    def now(self) -> float:
        """What time it is."""
        return self.time

    def reach(self, when: float) -> None:
        """Go forward to `when`, never back."""
        self.time = max(self.time, when)


@dataclass
class ScaledClock:
    """The machine's clock, `scale` times as fast."""

    scale: float = 1.0
    begun: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """What time it is."""
        return (time.monotonic() - self.begun) * self.scale

    def reach(self, when: float) -> None:
        """Wait until `when`."""
        time.sleep(max(0.0, (when - self.now()) / self.scale))


Action = Callable[[], None]


@dataclass
class Agenda:
    """What is due, in the order of time; what is due at the same time, in the order in which it was planned."""

    clock: Clock
    _due: list[tuple[float, int, Action]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def plan(self, when: float, action: Action) -> None:
        """Do something at a time."""
        heapq.heappush(self._due, (when, next(self._numbers), action))

    @property
    def next(self) -> float:
        """When something is due next; never is infinite."""
        return self._due[0][0] if self._due else float("inf")

    def run_until(self, when: float) -> None:
        """Do everything that is due until `when`, what is planned meanwhile included; then it is `when`."""
        while self.next <= when:
            due, _, action = heapq.heappop(self._due)
            self.clock.reach(due)
            action()
        self.clock.reach(when)
