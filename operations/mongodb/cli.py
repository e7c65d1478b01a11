"""`openova verify mongodb` and `openova mongodb`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from operations.options import EXIT_CONFIGURATION, EXIT_FAILED, Kubeconfigs, Root

verify_app = typer.Typer(help="Ask what runs whether it is what the settings say.", no_args_is_help=True)
app = typer.Typer(help="MongoDB in an emergency.", no_args_is_help=True)


@verify_app.command("mongodb")
def verify_mongodb(
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON and nothing else.")] = False,
) -> None:
    """Compare the replica set that runs with the settings; write and drop one scratch database. Exits with 1 where
    something differs."""
    from operations.access import clusters_of
    from operations.findings.show import tell
    from operations.mongodb.verify import verify
    from settings.loader import load_project

    platform = load_project(root.resolve()).platform
    with clusters_of(root.resolve(), platform.site_codes, kubeconfig or ()) as clusters:
        report = verify(platform, clusters)
    tell(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def reconfigure(
    lost: Annotated[list[str], typer.Option("--lost", help="The code of a site that is lost. Repeatable.")],
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Survey and tell, and change nothing.")] = False,
) -> None:
    """Go on with the members that are left, without a majority. It may lose writes, and asks a person at a terminal.

    It refuses while a primary can be seen. A set of 2+2+1 never needs it for the loss of one region.
    """
    from operations.access import AnsweredError, UnreachableError
    from operations.mongodb.forced import NotNowError
    from operations.mongodb.reconfigure import UnattendedError
    from operations.mongodb.reconfigure import reconfigure as run

    try:
        done = run(root.resolve(), lost, kubeconfig or (), dry_run=dry_run)
    except (NotNowError, UnattendedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_CONFIGURATION) from None
    except (AnsweredError, UnreachableError) as error:
        typer.echo(f"{error}\nLook what became of it with: openova verify mongodb", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if not done:
        raise typer.Exit(EXIT_FAILED)
