"""What must be there before any stack is touched: the CLI, every stack, and the names that were asked for."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from pulumi.automation import CommandError, InvalidVersionError

from operations.stacks.engine import Engine, last_lines
from settings.problems import Problem, SettingsError

COMMAND_LINE = "(command line)"


def engine_in(root: Path) -> Engine:
    """The engine for the project in `root`. Raises SettingsError where this machine has no CLI that fits."""
    absent = [name for name in ("pulumi", "pulumi-language-python") if shutil.which(name) is None]
    if absent:
        raise SettingsError([_no_cli(f"{' and '.join(absent)}: not on PATH.")])
    try:
        return Engine(root)
    except (OSError, InvalidVersionError) as error:
        raise SettingsError([_no_cli(" ".join(str(error).split()))]) from None


def chosen(names: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    """The stacks of these names in their order, or all. Raises SettingsError with every name that none has."""
    problems = [_no_stack(name, order) for name in names if name not in order]
    if problems:
        raise SettingsError(problems)
    return tuple(name for name in order if not names or name in names)


def initialised(engine: Engine, order: Sequence[str]) -> None:
    """Every stack is there: a reference to one that is not fails inside the engine. Raises SettingsError otherwise."""
    try:
        there: Collection[str] = engine.stacks()
    except CommandError as error:
        raise SettingsError([no_backend(last_lines(error))]) from None
    problems = [_not_initialised(name) for name in order if name not in there]
    if problems:
        raise SettingsError(problems)


def _no_cli(rule: str) -> Problem:
    return Problem(
        "(this machine)", "pulumi", f"The Pulumi CLI that fits the SDK is needed. {rule}",
        "No stack can be carried out.",
        "openova doctor tells the version and the command that installs it.",
    )  # fmt: skip


def no_backend(said: str) -> Problem:
    """The problem of a state that cannot be read, with what the CLI says of it."""
    return Problem(
        "(this machine)", "pulumi login", f"The state cannot be read: {said}", "Nobody knows what is there already.",
        "Log in to where the state is kept: pulumi login file://... or s3://... (docs/state.md).",
    )  # fmt: skip


def _not_initialised(name: str) -> Problem:
    return Problem(
        f"Pulumi.{name}.yaml", name, f"The stack {name} is not initialised where the state is kept.",
        "Stacks read each other's outputs, and the engine fails at a stack that it does not know.",
        f"pulumi stack init {name}   (with the passphrase of the others). If it was there before: docs/state.md.",
    )  # fmt: skip


def _no_stack(name: str, order: Sequence[str]) -> Problem:
    return Problem(
        COMMAND_LINE, "--stack", f"There is no stack {name!r}; the stacks are {', '.join(order)}.",
        "Nothing would be done, and nothing would look wrong.", "Name one of them, or leave --stack out.",
    )  # fmt: skip
