"""The command `openova`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lab import cli as lab
from operations.epoch import command as record
from operations.mongodb import cli as mongodb
from operations.review import command as review
from settings.problems import SettingsError

app = typer.Typer(
    help="The operation of a platform over several regions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(lab.app, name="lab")
app.add_typer(mongodb.verify_app, name="verify")
app.add_typer(mongodb.app, name="mongodb")
app.add_typer(record.app, name="record")
app.add_typer(review.app, name="review")

EXIT_CONFIGURATION = 2
EXIT_FAILED = 1

Root = Annotated[Path, typer.Option("--root", help="The folder of Pulumi.yaml.", file_okay=False)]


@app.callback()
def openova() -> None:
    """The operation of a platform over several regions."""


@app.command()
def plan(
    root: Root = Path(),
    stack: Annotated[str | None, typer.Option(help="Show this stack only, with every resource.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plan.json and nothing else.")] = False,
    against: Annotated[
        Path | None, typer.Option(help="An earlier plan.json: show what was added, changed, removed since.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write plan.json, report.html and manifests/ (default: build/plan).")
    ] = None,
) -> None:
    """Show what `pulumi up` would make, in every stack: no account, no network, no Pulumi CLI needed."""
    from operations.plan.command import run_plan

    result = run_plan(root.resolve(), against, stack)
    folder = out or root / "build" / "plan"
    result.write(folder)
    if as_json:
        print_json(result.shown(stack))
    else:
        from operations.plan.show import show

        show(result.document, result.comparison, stack=stack, folder=folder)
    result.refuse()


@app.command()
def doctor(
    root: Root = Path(),
    after: Annotated[
        bool, typer.Option("--after", help="Also look at what stands open, at password logins, and at the mesh.")
    ] = False,
    stack: Annotated[str | None, typer.Option(help="The nodes of this region only.")] = None,
    identity: Annotated[
        Path | None, typer.Option(help="A private key to log in with (default: the SSH agent, your default keys).")
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION=FILE",
            help="Where ordered servers are: what `pulumi stack output --json --stack REGION` printed. Repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON and nothing else.")] = False,
) -> None:
    """Examine this machine and every node, and change nothing. Exits with 1 where something fails."""
    from operations.doctor import report_of

    if not report_of(root, after, stack, identity, outputs or (), as_json=as_json):
        raise typer.Exit(EXIT_FAILED)


def print_json(value: Any) -> None:
    """The value on standard output, as it is written to files."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    """Entry point: a broken configuration is told in full and exits with 2."""
    try:
        app()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_CONFIGURATION)
