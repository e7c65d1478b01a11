"""`openova up`, `openova preview` and `openova destroy`, from the settings to what is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi.automation import CommandError
from rich.console import Console
from rich.markup import escape

from operations.options import print_json
from operations.plan.check import checked
from operations.stacks.board import Board, show
from operations.stacks.carry import Carrier, How
from operations.stacks.check import COMMAND_LINE, chosen, engine_in, initialised, no_backend
from operations.stacks.engine import Command, Engine, last_lines, name_of
from operations.stacks.graph import waits_to_destroy
from operations.stacks.result import Result, StackResult
from settings.naming import stack_order
from settings.problems import Problem, SettingsError
from settings.project import read_project
from settings.stated import stated_addresses


@dataclass(frozen=True, kw_only=True)
class Request(How):
    """What was asked for. `logs` is the folder of the stacks' logs."""

    root: Path
    stacks: Sequence[str] = ()
    logs: Path | None = None
    as_json: bool = False
    yes: bool = False


def carry_out(command: Command, request: Request) -> bool:
    """Check, carry out, show; whether all went well. Raises SettingsError where nothing could be begun."""
    result = result_of(command, request)
    return result is not None and result.ok


def result_of(command: Command, request: Request) -> Result | None:
    """What came of it, shown; None where somebody did not agree. Raises SettingsError where nothing could be begun."""
    try:
        return _carried_out(command, request)
    except CommandError as error:
        # Of a stack that is carried out it is told with the others; here it was a question before that.
        raise SettingsError([no_backend(last_lines(error))]) from None


def _carried_out(command: Command, request: Request) -> Result | None:
    console = Console(highlight=False, soft_wrap=True, emoji=False, stderr=request.as_json)
    platform = checked(read_project(request.root)).platform
    whole = stack_order(platform)
    order = [*waits_to_destroy(platform)] if command == "destroy" else [*whole]
    names = chosen(request.stacks, order)
    engine = engine_in(request.root)
    initialised(engine, whole)
    if command == "destroy" and not _confirmed(engine, names, request, console):
        return None
    logs = (request.logs or request.root / "build" / "stacks").resolve()
    results = {name: StackResult(name, str(logs / f"{name}.{command}.log")) for name in names}
    board = Board(command, results, console)
    stated = stated_addresses(request.root, platform)
    result = Carrier(command, engine, platform, stated, results, board, request).run()
    _tell(result, request, console)
    return result


def _tell(result: Result, request: Request, console: Console) -> None:
    if request.as_json:
        print_json(result.document())
    else:
        show(result, console)


def _confirmed(
    engine: Engine, names: Sequence[str], request: Request, console: Console, ask: Callable[[str], str] = input
) -> bool:
    """Whether to destroy: not where something is protected, and not without being told to."""
    held = {name: engine.resources(name) for name in names}
    protected = {name: [item for item in found if item.get("protect")] for name, found in held.items()}
    for name, found in protected.items():
        if found:
            listed = ", ".join(name_of(item["urn"]) for item in found)
            console.print(f"[yellow]{name}[/] protects {len(found)}: {escape(listed)}")
    if any(protected.values()) and not request.exclude_protected:
        console.print(
            "They hold data or cost money, so nothing was destroyed. Next step: openova destroy --exclude-protected "
            "destroys the rest; or set openova:protect: false in their files, openova up, and destroy again."
        )
        return False
    counts = {name: len(found) - len(protected[name]) for name, found in held.items()}
    console.print(f"To be destroyed: {_counted(counts)}")
    if request.yes:
        return True
    if request.as_json or not sys.stdin.isatty():
        raise SettingsError([_not_confirmed()])
    if ask("This cannot be undone. Type the word destroy: ").strip() == "destroy":
        return True
    console.print("Nothing was destroyed.")
    return False


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} in {name}" for name, count in counts.items())


def _not_confirmed() -> Problem:
    return Problem(
        COMMAND_LINE, "--yes", "A destroy is confirmed by a person at a terminal, or by --yes.",
        "A script that was called by mistake would delete servers and data.", "Add --yes where that is meant.",
    )  # fmt: skip
