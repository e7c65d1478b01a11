"""Two regions from nothing by `openova up` and the real engine, against one of them alone, on the lab's hosts."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lab import engine as engines
from lab.engine import REGION_STACKS, Engine
from lab.regions import lab_of_its_own, missing
from lab.road import Traffic
from settings.naming import SHARED_STACK
from tests.planning import ROOT

GOAL = 1.3
"""Times the slower region alone. That is Europe: India needs it before its own applications are ready."""


def lines() -> list[str]:
    """Seconds and their ratio; or one line that says what this machine lacks."""
    if absent := missing() or engines.missing():
        return [f"not measured: {absent}"]
    alone, both = _up(REGION_STACKS[:1]), _up(REGION_STACKS)
    return [
        f"openova up from nothing: Europe {alone:.0f} s, both regions {both:.0f} s = {both / alone:.2f} x "
        f"(goal {GOAL} x)"
    ]


def _up(stacks: Sequence[str]) -> float:
    """Seconds of an `up` on new hosts."""
    with lab_of_its_own("bench") as lab:
        lab.begin(ROOT, _untold, Traffic())
        engine = Engine(lab)
        engine.prepare()
        engine.up(_untold, [SHARED_STACK])
        begun = time.monotonic()
        engine.up(_untold, stacks)
        return time.monotonic() - begun


def _untold(text: str) -> None:
    """Progress is for people who wait."""


def main() -> None:
    """Print the lines."""
    print(*lines(), sep="\n")


if __name__ == "__main__":
    main()
