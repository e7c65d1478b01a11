"""What is left after the writes have moved: the stacks, brought up by Pulumi, or told as commands without it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pulumi.automation import CommandError
from rich.markup import escape

from operations.authority.change import CONSOLE, Afterwards
from operations.stacks.carry import past_of
from operations.stacks.check import engine_in, initialised
from operations.stacks.command import Request, result_of
from operations.stacks.engine import Engine, last_lines
from operations.stopped import StoppedError
from settings.naming import stack_order
from settings.platform import Platform
from settings.problems import SettingsError

POSTGRES: Final = "kubernetes:postgresql.cnpg.io/v1:Cluster"


def engine_for(root: Path, platform: Platform, sites: Sequence[str]) -> tuple[Engine | None, str]:
    """Pulumi's engine where it knows the project and has brought `sites` up before; otherwise None, and why not.

    A state that knows nothing of a site would have everything made a second time.
    """
    try:
        engine = engine_in(root)
        initialised(engine, stack_order(platform))
        new = [code for code in sites if not past_of({code: engine.outputs(code)})]
    except SettingsError as error:
        return None, " ".join(problem.rule for problem in error.problems)
    except CommandError as error:
        return None, f"The state cannot be read: {last_lines(error)}"
    if new:
        return None, f"Its state knows nothing of {' and '.join(new)}."
    return engine, ""


def bring_up(root: Path, platform: Platform, stacks: Sequence[str], done: str, *, afterwards: Afterwards) -> None:
    """Brings `stacks` up, until nothing is left to change. `done` is what the command has reached already.

    Where Pulumi is not there or not wanted, tells the runs that are left. Raises StoppedError where one fails.
    """
    why = ""
    if afterwards.pulumi:
        engine, why = engine_for(root, platform, [code for code in stacks if code in platform.codes])
        if engine is not None:
            CONSOLE.print(f"{done} The stacks are brought up to it:")
            _carry_out(root, stacks, done, policies=afterwards.policies)
            return
    CONSOLE.print(f"{done} Pulumi is left to you{': ' if why else '.'}{escape(why)}")
    CONSOLE.print("Pulumi.yaml has the change, and these bring the rest up to it:")
    for stack in stacks:
        CONSOLE.print(f"  pulumi up --stack {stack}")


def replace_copy(engine: Engine, root: Path, code: str, *, policies: bool) -> None:
    """One `up` of a region with its PostgreSQL unprotected; it protects the new one. Raises StoppedError."""
    try:
        for item in engine.resources(code):
            if item["type"] == POSTGRES and item.get("protect"):
                engine.unprotect(code, item["urn"])
    except CommandError as error:
        raise StoppedError(
            f"The protection could not be lifted: {last_lines(error)}. Nothing was changed. Run the same command again."
        ) from None
    if failure := _failure(root, (code,), policies):
        raise StoppedError(f"The new copy of {code} was not made: {failure}. Mend it, and run the same command again.")


def _carry_out(root: Path, stacks: Sequence[str], done: str, *, policies: bool) -> None:
    again = f"openova up {'' if policies else '--no-policies '}{' '.join(f'--stack {name}' for name in stacks)}"
    if failure := _failure(root, stacks, policies):
        raise StoppedError(
            f"{done} But not every stack was brought up to it: {failure}. Next step: mend what "
            f"it says, then {again}   (or this command again)"
        )
    found = result_of("preview", Request(root=root, stacks=stacks, policies=policies))
    left = [stack.name for stack in found.stacks if stack.changes or stack.outcome != "done"] if found else [*stacks]
    if left:
        raise StoppedError(
            f"{done} The stacks were brought up, and yet something is left to change in {', '.join(left)}. Next step: "
            f"pulumi preview --diff --stack {left[0]} shows what; {again} carries it out."
        )


def _failure(root: Path, stacks: Sequence[str], policies: bool) -> str:
    """Why an `up` of these stacks did not come to its end; empty where it did."""
    try:
        result = result_of("up", Request(root=root, stacks=stacks, policies=policies))
    except SettingsError as error:
        return f"the settings or this machine are refused\n{error}\n"
    return "" if result is not None and result.ok else "see above"
