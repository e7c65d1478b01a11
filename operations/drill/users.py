"""Users in a drill: they ask the edge for a page, again and again, from where they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

ASKS_SECOND: Final = 2.0
Ask = Callable[[], tuple[int, str]]
"""Asks once: the HTTP status (0 where there was none), and the region that answered, where it says so."""


@dataclass(frozen=True, order=True)
class Asked:
    """One request. `status` 200 is a good one; the times are seconds since 1970."""

    ended: float
    asked: float
    place: str
    status: int
    region: str

    @property
    def good(self) -> bool:
        """Whether the user got the page."""
        return self.status == 200


@dataclass
class Users:
    """`asks` by the place that they ask from."""

    asks: Mapping[str, Ask]
    asked: list[Asked] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """They begin."""
        for place, ask in self.asks.items():
            thread = threading.Thread(target=self._go_on, args=(place, ask), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """They end, with what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _go_on(self, place: str, ask: Ask) -> None:
        while not self._stop.wait(1 / ASKS_SECOND):
            begun = time.time()
            status, region = ask()
            self.asked.append(Asked(time.time(), begun, place, status, region))

    def of(self, place: str, since: float, until: float) -> list[Asked]:
        """One place's requests that ended between two times."""
        return sorted(each for each in [*self.asked] if each.place == place and since <= each.ended <= until)
