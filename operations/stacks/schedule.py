"""Carries work out along a graph, several pieces at a time. Knows nothing of stacks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from threading import Event
from typing import Final, Literal, TypeAlias

from operations.stacks.graph import Waits

Outcome: TypeAlias = Literal["done", "failed", "stopped", "interrupted"]
"""`stopped`: never begun, or cut short, because something that it needs was not done. `interrupted`: cut short by
somebody, or never begun."""

_LOOK_SECONDS: Final = 0.2
"""How soon an interrupt is seen; nothing else depends on it."""


class Schedule:
    """One run along a graph. `interrupt` may be called from a signal handler or another thread.

    `cut` asks something that runs to come to its end, and tells whether it was reached; it is asked for what runs
    beside something that it needs and that has failed.
    """

    def __init__(
        self,
        graph: Waits,
        work: Callable[[str], bool],
        tell: Callable[[str, Outcome], None],
        at_once: int,
        cut: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self._graph, self._work, self._tell, self._at_once, self._cut = graph, work, tell, at_once, cut
        self._ended: dict[str, Outcome] = {}
        self._reached: set[str] = set()
        self._interrupted = Event()

    @property
    def interrupted(self) -> bool:
        """Whether nothing new is begun any more."""
        return self._interrupted.is_set()

    def interrupt(self) -> None:
        """Begin nothing new."""
        self._interrupted.set()

    def run(self) -> Mapping[str, Outcome]:
        """Carry everything out that can be, and tell what came of each, in the order of the graph."""
        running: dict[Future[bool], str] = {}
        with ThreadPoolExecutor(self._at_once) as pool:
            while True:
                for name in self._ready(running.values()):
                    running[pool.submit(self._work, name)] = name
                if not running:
                    break
                for future in wait_for(running, _LOOK_SECONDS, FIRST_COMPLETED).done:
                    name = running.pop(future)
                    self._end(name, "done" if future.result() else self._failed(name))
                self._cut_short(running.values())
        for name in self._graph:
            if name not in self._ended:
                self._end(name, "interrupted")
        return {name: self._ended[name] for name in self._graph}

    def _ready(self, running: Collection[str]) -> list[str]:
        """What may begin now. What can never begin is ended on the way."""
        if self.interrupted:
            return []
        while stopped := [name for name in self._waiting(running) if self._never(name)]:
            for name in stopped:
                self._end(name, "stopped")
        found = [
            name
            for name in self._waiting(running)
            if all(wait.at_end or wait.stack in self._ended for wait in self._graph[name])
        ]
        return found[: self._at_once - len(running)]

    def _cut_short(self, running: Iterable[str]) -> None:
        """What runs and can no longer come to its end; each is asked once."""
        for name in running:
            if name not in self._reached and self._never(name) and self._cut(name):
                self._reached.add(name)

    def _failed(self, name: str) -> Outcome:
        if self.interrupted:
            return "interrupted"
        return "stopped" if name in self._reached else "failed"

    def _waiting(self, running: Collection[str]) -> list[str]:
        return [name for name in self._graph if name not in self._ended and name not in running]

    def _never(self, name: str) -> bool:
        return any(wait.needed and self._ended.get(wait.stack, "done") != "done" for wait in self._graph[name])

    def _end(self, name: str, outcome: Outcome) -> None:
        self._ended[name] = outcome
        self._tell(name, outcome)
