"""What every scenario has in common: what it did, and the questions that all of them ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from operations.drill.operator import Ran
from operations.drill.stage import Stage
from operations.stopped import StoppedError

WELL_TRIES: Final = 6
WELL_SECONDS: Final = 10.0


@dataclass
class Played:
    """What a scenario did, in seconds since 1970.

    `fault` is when it broke (or the command was given), `decided` when the operator agreed to move the writes (with all
    evidence on the screen), `written` when the new writer acknowledged its first row. `checks` are what else had to
    hold.
    """

    fault: float
    decided: float | None = None
    written: float | None = None
    turned: bool = False
    checks: list[tuple[str, bool]] = field(default_factory=list)

    def check(self, text: str, holds: bool) -> None:
        """Notes whether something held."""
        self.checks.append((text, holds))


def well(stage: Stage) -> bool:
    """Within a minute: what was held back has to arrive first."""
    for _ in range(WELL_TRIES):
        if stage.command("openova status").code == 0:
            return True
        stage.hold(WELL_SECONDS)
    return False


def carried_out(ran: Ran) -> None:
    """Raises StoppedError with what a command said that failed."""
    if ran.code != 0:
        raise StoppedError(f"The command failed, and with it the drill:\n{ran.said}")
