"""Faults on purpose: what the caller learns, and whether the request was carried out before that."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["429", "500-before", "500-after", "cut-before", "cut-after"]
"""`before` and `after` the effect; `cut` closes the connection without an answer."""

KINDS: tuple[Kind, ...] = ("429", "500-before", "500-after", "cut-before", "cut-after")


@dataclass
class Fault:
    """Requests of `method` to a path that `path` (a regular expression) is found in fail `times` times."""

    kind: Kind
    method: str = "POST"
    path: str = ""
    times: int = 1
    retry_after: int = 1
    """Seconds, for 429."""

    def concerns(self, method: str, path: str) -> bool:
        """True where the request is one of those."""
        return self.times > 0 and method == self.method and re.search(self.path, path) is not None


@dataclass
class Faults:
    """What is to fail next; the first fault that concerns a request is used up by one."""

    waiting: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Let requests fail from now on."""
        with self.lock:
            self.waiting.append(fault)

    def clear(self) -> None:
        """Let nothing fail any more."""
        with self.lock:
            self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this request, if it has one."""
        with self.lock:
            for fault in self.waiting:
                if fault.concerns(method, path):
                    fault.times -= 1
                    return fault
        return None
