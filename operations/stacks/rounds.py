"""Which stacks have to be brought up once more, because what they read of others has changed since they began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

from operations.stacks.graph import readers
from settings.naming import GLOBAL_STACK
from settings.platform import Platform
from settings.stated import Addresses

ADDRESSES = "addresses"
"""The output of a site that others read for the mesh and the edge (regions/contract.py)."""


class Read:
    """The addresses of every site now, and as each stack found them when it began: those of its last `up`, and before
    the first those that are `stated` in its file."""

    def __init__(
        self, platform: Platform, outputs: Mapping[str, Mapping[str, Any]], stated: Mapping[str, Addresses]
    ) -> None:
        self._platform = platform
        self._now = {code: outputs.get(code, {}).get(ADDRESSES, stated.get(code, {})) for code in platform.site_codes}
        self._before = dict(self._now)
        self._found: dict[str, dict[str, Any]] = {}
        self._lock = Lock()

    def begins(self, stack: str) -> None:
        """The stack reads what is there."""
        with self._lock:
            self._found[stack] = dict(self._now)

    def ends(self, stack: str, outputs: Mapping[str, Any]) -> None:
        """The stack was brought up, and gives these outputs."""
        if stack in self._now:
            with self._lock:
                self._now[stack] = outputs.get(ADDRESSES)

    def outdated(self, stacks: Iterable[str]) -> list[str]:
        """Those of `stacks` that found something else than is there now."""
        return [stack for stack in stacks if stack in self._found and self._differs(stack, self._found[stack])]

    def others(self, stacks: Iterable[str], brought_up: Iterable[str]) -> list[str]:
        """The stacks beside `stacks` that were brought up before, with addresses that are no longer right."""
        beside = [name for name in brought_up if name not in {*stacks}]
        return [name for name in beside if self._differs(name, self._before)]

    def _differs(self, stack: str, found: Mapping[str, Any]) -> bool:
        if stack not in (*self._platform.site_codes, GLOBAL_STACK):
            return False
        return any(
            stack in readers(self._platform, code) and found.get(code) != addresses
            for code, addresses in self._now.items()
        )
