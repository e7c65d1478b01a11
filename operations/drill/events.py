"""What the ledger's pods said, as data. Times are seconds since 1970."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Write:
    """A row by its number within a region. `cluster` acknowledged it; empty where nobody did, for this `reason`."""

    ended: float
    asked: float
    region: str
    number: int
    cluster: str = ""
    reason: str = ""


@dataclass(frozen=True, order=True)
class Read:
    """A question for rows. Empty `cluster`: it was not answered. `twice`: a connection was lost, and the next one had
    the answer."""

    ended: float
    asked: float
    region: str
    cluster: str = ""
    reason: str = ""
    twice: bool = False


@dataclass
class Events:
    """What one region's pod said. `whole`: its own log was read at the end, and nothing can be missing."""

    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    whole: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, said: tuple[list[Write], list[Read]]) -> None:
        """One line's worth."""
        with self._lock:
            self.writes += said[0]
            self.reads += said[1]

    def replace(self, lines: Iterable[tuple[list[Write], list[Read]]]) -> None:
        """All of it, by the pod's own log, unless that has less than what was heard (a log that was rotated)."""
        writes: list[Write] = []
        reads: list[Read] = []
        for more_writes, more_reads in lines:
            writes += more_writes
            reads += more_reads
        with self._lock:
            if len(writes) >= len(self.writes):
                self.writes, self.reads, self.whole = writes, reads, True

    def acknowledged(self, since: float = 0.0) -> list[Write]:
        """Rows that a database said it has, by the time of that, after `since`."""
        with self._lock:
            return sorted(write for write in self.writes if write.cluster and write.ended > since)


def parse(line: str, region: str) -> tuple[list[Write], list[Read]]:
    """One line of a pod. What is no such line (a warning of Python, half a line of a dead node) says nothing."""
    try:
        said: dict[str, list[list[Any]]] = json.loads(line)
        writes = [Write(ended, asked, region, number, cluster=cluster) for number, asked, ended, cluster in
                  said.get("writes", [])]  # fmt: skip
        writes += [Write(ended, asked, region, number, reason=reason) for number, asked, ended, reason in
                   said.get("failedWrites", [])]  # fmt: skip
        reads = [Read(ended, asked, region, cluster=cluster, twice=twice) for asked, ended, cluster, twice in
                 said.get("reads", [])]  # fmt: skip
        reads += [Read(ended, asked, region, reason=reason) for asked, ended, reason in said.get("failedReads", [])]
    except (ValueError, TypeError, AttributeError):
        return [], []
    return writes, reads
