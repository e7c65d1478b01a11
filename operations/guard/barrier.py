"""The kernel's side: loads the barrier, and says what is loaded."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from typing import Any, Final

from components.guard.ruleset import FAMILY, TABLE, Opening, ruleset
from operations.guard.decide import Found, Order

SECONDS: Final = 5
"""For one run of nft, which takes some milliseconds."""


class Nftables:
    """The barrier of the network namespace that this process is in. `command` stands before `nft`."""

    def __init__(self, pods: str, command: tuple[str, ...] = ()) -> None:
        self._pods, self.command = pods, command

    def found(self) -> Found:
        """What is loaded; closed where nothing is, since then it will be. Raises OSError, SubprocessError."""
        done = self._nft(["-j", "list", "table", FAMILY, TABLE])
        sets = {name: _elements(done, name) for name in ("writing", "reading")} if done else {}
        for name, barrier in (("writing", "open"), ("reading", "reading")):
            if elements := sets.get(name):
                endless = any(not isinstance(element, dict) for element in elements)
                return Found(barrier="open" if barrier == "open" else "reading", endless=endless)
        return Found(barrier="closed")

    def load(self, order: Order, instances: Iterable[str]) -> None:
        """Makes it so, in one transaction. Raises SubprocessError where the kernel refuses."""
        opening = None
        if order.barrier != "closed":
            opening = Opening(why="writing" if order.barrier == "open" else "reading", seconds=order.seconds)
        self._nft(["-f", "-"], ruleset(self._pods, instances, opening), must=True)

    def remove(self) -> None:
        """Takes it away, if it is there. Raises SubprocessError where the kernel refuses."""
        self._nft(["-f", "-"], f"table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n", must=True)

    def _nft(self, arguments: list[str], rules: str = "", *, must: bool = False) -> str:
        """What nft prints; empty where it fails and need not succeed."""
        done = subprocess.run(
            [*self.command, "nft", *arguments],
            input=rules,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        if done.returncode and must:
            raise subprocess.SubprocessError(f"nft: {done.stderr.strip()[:500]}")
        return "" if done.returncode else done.stdout


def _elements(listed: str, name: str) -> list[Any]:
    """Of one set: a plain element, or a mapping where it has an end."""
    for item in json.loads(listed)["nftables"]:
        if item.get("set", {}).get("name") == name:
            elements: list[Any] = item["set"].get("elem", [])
            return elements
    return []
