"""The command `openova`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lab import cli as lab
from operations.drill import cli as drills
from operations.epoch import command as record
from operations.mongodb import cli as mongodb
from operations.options import (
    EXIT_CONFIGURATION,
    EXIT_FAILED,
    BringUp,
    Kubeconfigs,
    Policies,
    Root,
    StoreFile,
    ToRegion,
    Yes,
    print_json,
)
from operations.review import command as review
from operations.stacks import cli as stacks
from operations.stopped import StoppedError
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
stacks.add_to(app)
app.command()(drills.drill)
app.add_typer(review.app, name="review")


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


@app.command()
def status(
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    store: StoreFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON and nothing else.")] = False,
    watch: Annotated[float | None, typer.Option(help="Look again every so many seconds, until Ctrl-C.", min=1)] = None,
) -> None:
    """Ask every region's databases who writes, who follows and how far behind. Exits with 1 where it is not well."""
    from operations.status.command import status as show_status

    if not show_status(root.resolve(), kubeconfig or (), store=store, as_json=as_json, every=watch):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def readiness(
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    live: Annotated[bool, typer.Option(help="Ask clusters and stacks too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON and nothing else.")] = False,
) -> None:
    """List what has to be shown before going live, each with its evidence. Exits with 1 while some of it is missing."""
    from operations.readiness.command import readiness as go_through

    if not go_through(root.resolve(), kubeconfig or (), live=live, as_json=as_json):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def switchover(
    to: ToRegion,
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    store: StoreFile = None,
    yes: Yes = False,
    pulumi: BringUp = True,
    policies: Policies = True,
) -> None:
    """Move the writes to another region, with nothing lost. Run again after an interruption, it goes on."""
    from operations.authority.change import Afterwards
    from operations.authority.command import switchover as run

    then = Afterwards(pulumi, policies)
    if not run(root.resolve(), to, kubeconfig or (), store=store, yes=yes, afterwards=then):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def failover(
    to: ToRegion,
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    store: StoreFile = None,
    yes: Yes = False,
    database_only: Annotated[
        bool,
        typer.Option(
            "--database-only",
            help="You know that only its database is lost: that its servers, or the edge's monitor, find life there "
            "does not stop the command. A database that answers anywhere still does.",
        ),
    ] = False,
    pulumi: BringUp = True,
    policies: Policies = True,
) -> None:
    """Let another region write although the one that writes is lost: what it had not sent yet is lost with it."""
    from operations.authority.change import Afterwards
    from operations.authority.command import failover as run

    then = Afterwards(pulumi, policies)
    if not run(
        root.resolve(), to, kubeconfig or (), store=store, yes=yes, afterwards=then, database_only=database_only
    ):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def rejoin(
    region: Annotated[str, typer.Option(help="The region that was lost and is back.")],
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    yes: Yes = False,
    pulumi: Annotated[
        bool, typer.Option(help="Let Pulumi make the new copy; without it the old one is deleted, and you apply.")
    ] = True,
    policies: Policies = True,
) -> None:
    """Discard the copy of a region that was lost, clone it from the writer, and put it back into traffic."""
    from operations.authority.change import Afterwards
    from operations.authority.rejoin import rejoin as run

    if not run(root.resolve(), region, kubeconfig or (), yes=yes, afterwards=Afterwards(pulumi, policies)):
        raise typer.Exit(EXIT_FAILED)


def main() -> None:
    """Entry point: a broken configuration is told in full and exits with 2."""
    try:
        app()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_CONFIGURATION)
    except StoppedError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_FAILED)
