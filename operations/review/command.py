"""`openova review`: tell GitHub what a change does, or that the running system has drifted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from operations.review.comment import MARKER, comment, failed
from operations.review.github import ForgeError, from_environment

DRIFT_MARKER: Final = "<!-- openova drift -->"
_NO_CHANGES: Final = 0

app = typer.Typer(help="Tell GitHub what a change does, from within a workflow.", no_args_is_help=True)

Plan = Annotated[Path, typer.Option(help="What openova plan --against ... --json printed.", dir_okay=False)]


@app.command()
def show(
    plan: Plan, errors: Annotated[Path | None, typer.Option(help="What the plan said on standard error.")] = None
) -> None:
    """Print the comment of a pull request."""
    sys.stdout.write(_body(plan, errors))


@app.command()
def post(
    plan: Plan,
    number: Annotated[int, typer.Option(min=1, help="The pull request.")],
    errors: Annotated[Path | None, typer.Option(help="What the plan said on standard error.")] = None,
) -> None:
    """Write the one comment of a pull request, in the place of an earlier one. Needs GITHUB_TOKEN."""
    _told(lambda: from_environment().comment(number, MARKER, _body(plan, errors)))


@app.command()
def drift(
    previews: Annotated[list[Path], typer.Argument(help="<stack>.txt of each stack: what its preview said.")],
) -> None:
    """Open, rewrite or close the one issue about drift. A file `<stack>.rc` beside each holds the exit code."""
    drifted = [path for path in previews if _code_of(path) != _NO_CHANGES]
    parts = [
        f"### {path.stem}\n\n````\n{path.read_text(errors='replace').replace('````', '')}\n````" for path in drifted
    ]
    names = ", ".join(path.stem for path in drifted)
    head = f"What runs is not what is committed, or could not be compared: {names}. See docs/pull-requests.md."
    body = "\n\n".join([head, *parts])
    if drifted:
        _told(lambda: from_environment().issue(DRIFT_MARKER, "The running system has drifted", body))
    else:
        _told(lambda: from_environment().close(DRIFT_MARKER, "What runs is what is committed again."))


def _code_of(preview: Path) -> int:
    """The exit code of a preview; one that left none did not come to its end."""
    try:
        return int(preview.with_suffix(".rc").read_text())
    except (OSError, ValueError):
        return 1


def _body(plan: Path, errors: Path | None) -> str:
    try:
        return comment(json.loads(plan.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError):
        said = errors.read_text(errors="replace") if errors is not None and errors.is_file() else ""
        return failed(said or f"{plan.name} is no plan with a comparison.")


def _told(what: Callable[[], str]) -> None:
    try:
        typer.echo(what())
    except ForgeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
