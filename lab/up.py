"""`openova lab up`: hosts, program, and the wait for its databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.apply import apply
from lab.engine import Engine
from lab.postgres import Database
from lab.project import clusters
from lab.regions import Lab
from lab.road import Traffic

QUICK: float = 0.3
"""Seconds under which a step is not worth a line."""


def bring_up(
    lab: Lab,
    root: Path,
    round_trip: float,
    say: Callable[[str], None],
    *,
    pulumi: bool = False,
    guard: str | None = None,
) -> None:
    """Brings the lab to the configuration of `root`, until every database is healthy. Run again, it repairs.

    `round_trip` in seconds. `guard` is `off`, or what guards do without the record; None leaves it as it was. Raises
    what `Lab.begin` and `apply` raise, RuntimeError where a database does not come up.
    """
    lab.begin(root, say, Traffic(round_trip=round_trip), guard)

    def told(stack: str, what: str, seconds: float) -> None:
        if seconds > QUICK:
            say(f"{stack:7} {seconds:5.1f} s  {what}")

    if pulumi:
        engine = Engine(lab)
        engine.prepare()
        engine.up(say)
    else:
        apply(lab, told)
    for code, name in clusters(lab.project).items():
        Database(lab.cluster(code), name).wait_healthy(say)
    say("both regions are up; 'openova lab status' tells who writes")
