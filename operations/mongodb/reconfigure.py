"""`openova mongodb reconfigure`: the forced reconfiguration with a person at the terminal, step by step."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from operations.access import Cluster, clusters_of
from operations.mongodb.forced import Forcing, check_lost, forcing
from operations.mongodb.shell import ask, survey
from settings.loader import load_project
from settings.platform import Platform
from settings.problems import Problem, SettingsError

LOOKS: Final = 20
PAUSE: Final = 3.0
"""Seconds between looks for the new primary: an election takes about 12 s."""


class UnattendedError(Exception):
    """Nobody sits at the terminal."""


def reconfigure(root: Path, lost: Sequence[str], kubeconfigs: Sequence[str], *, dry_run: bool) -> bool:
    """Survey, tell, ask, force, look. True where a primary was elected, or nothing but the survey was wanted.

    Raises SettingsError for a broken configuration, NotNowError where nothing may be forced, UnattendedError without
    a terminal.
    """
    platform = load_project(root).platform
    _check_operator(platform)
    console = Console(highlight=False, soft_wrap=True)
    check_lost(platform, lost)
    with clusters_of(root, platform.site_codes, kubeconfigs, dispensable=lost) as clusters:
        plan = forcing(survey(platform, clusters), lost)
        tell(plan, lost, console)
        if dry_run:
            console.print("Nothing was changed (--dry-run).")
            return True
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UnattendedError(
                "This is decided by a person at a terminal, and there is none. Nothing was changed. Run it by hand."
            )
        if not confirmed(platform, lost, console.input):
            console.print("Nothing was changed.")
            return False
        ask(clusters[plan.at.seat.site], plan.at.seat, plan.javascript)
        return _wait_for_primary(platform, clusters, plan, lost, console)


def tell(plan: Forcing, lost: Sequence[str], console: Console) -> None:
    """What will be done, and what may be lost by it."""
    console.print(f"[bold]Forced reconfiguration without {', '.join(lost)}[/]")
    console.print(f"  at       {plan.at.seat.pod}, the most advanced member that answers")
    console.print(f"  keeps    {', '.join(plan.keep)}")
    console.print(f"  drops    {', '.join(plan.dropped) or 'none'}")
    for address, seconds in plan.behind:
        console.print(
            f"  behind   {address} was last heard {seconds:.0f} s ahead: acknowledged writes are missing here"
        )
    console.print(
        f"[yellow]Writes that {', '.join(lost)} acknowledged and nobody here received will be lost: those with a lower "
        "write concern than majority, and with a majority that lay there alone. How many, nobody can tell while it is "
        "away. If a member there still runs and is reached by a client, two sets will take writes.[/]"
    )


def confirmed(platform: Platform, lost: Sequence[str], read: Callable[[str], str]) -> bool:
    """Two sentences, typed word for word: one for the fence, one for the deed."""
    for sentence in (f"{' and '.join(lost)} is powered off", f"force {platform.mongodb.name}"):
        if read(escape(f"Type '{sentence}' to go on: ")).strip() != sentence:
            return False
    return True


def _wait_for_primary(
    platform: Platform, clusters: Mapping[str, Cluster], plan: Forcing, lost: Sequence[str], console: Console
) -> bool:
    for _ in range(LOOKS):
        seen = [each for each in survey(platform, clusters) if each.seat.site not in lost]
        primary = next((each for each in seen if each.primary), None)
        if primary is not None:
            console.print(
                f"[green]{primary.seat.pod} is primary.[/] Now tell the settings, or its operator may undo it:"
            )
            forced = f"forced: {{epoch: {platform.authority.epoch}, without: [{', '.join(lost)}]}}"
            console.print(f"  Pulumi.yaml, mongodb: {escape(forced)}")
            console.print(f"  then: pulumi up --stack {plan.at.seat.site}")
            return True
        time.sleep(PAUSE)
    console.print(
        f"[red]No primary after {LOOKS * PAUSE:.0f} s.[/] The configuration is changed. Look with: "
        "openova verify mongodb"
    )
    return False


def _check_operator(platform: Platform) -> None:
    if platform.mongodb.enabled and platform.mongodb.operator == "percona":
        return
    raise SettingsError(
        [
            Problem(
                "Pulumi.yaml",
                "openova:mongodb",
                "There is no replica set over several sites in these settings.",
                "There is nothing to reconfigure.",
                "Run it in the folder of the platform that is meant (--root).",
            )
        ]
    )
