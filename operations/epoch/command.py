"""`openova record`: the record by hand."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from operations.authority.store import store_at
from operations.epoch.claim import claim as claimed_in
from operations.epoch.record import Change, EpochRecord
from operations.epoch.store import EpochStore, StoreError
from operations.options import EXIT_CONFIGURATION, EXIT_FAILED, Root, StoreFile, print_json
from settings.loader import load_project

app = typer.Typer(help="The record of who may write, kept outside all regions.", no_args_is_help=True)

_Result = TypeVar("_Result")

Certificate = Annotated[
    Path | None,
    typer.Option(
        help="An authority (PEM) that signs the store's certificate (default: openova:guard.certificate).",
        dir_okay=False,
        exists=True,
    ),
]


@app.command()
def show(
    regions: Annotated[list[str] | None, typer.Argument(help="Codes of regions whose statements are shown.")] = None,
    root: Root = Path(),
    store: StoreFile = None,
    certificate: Certificate = None,
) -> None:
    """Print the record, and what the nodes of these regions last stated, as JSON."""
    records = _store(root, store, certificate)
    found = _told(records.read)
    stated = {code: _told(lambda code=code: records.statements(code)) for code in regions or ()}  # type: ignore[misc]
    print_json(
        {
            "record": found and found.model_dump(mode="json", by_alias=True),
            "statements": {
                code: [item.model_dump(mode="json", by_alias=True) for item in items] for code, items in stated.items()
            },
        }
    )


@app.command()
def claim(
    epoch: Annotated[int, typer.Option(min=1, help="As in openova:authority.")],
    primary: Annotated[str, typer.Option(help="The region that may write.")],
    previous: Annotated[str | None, typer.Option(help="The region that wrote before; from epoch 2 on.")] = None,
    change: Annotated[str | None, typer.Option(help="switchover or failover; from epoch 2 on.")] = None,
    root: Root = Path(),
    store: StoreFile = None,
    certificate: Certificate = None,
) -> None:
    """Make it the record: the first one, or one of a higher epoch. Nothing else is changed by it."""
    kind: Change | None = "switchover" if change == "switchover" else "failover" if change == "failover" else None
    try:
        if change and kind is None:
            raise ValueError(f"--change is switchover or failover, and not {change!r}")
        record = EpochRecord(
            epoch=epoch,
            primary=primary,
            previous=previous,
            change=kind,
            claimed_by=getpass.getuser(),
            at=datetime.now(UTC),
        )
    except ValueError as error:
        _end(f"{error}\nNothing was written.", EXIT_CONFIGURATION)
    records = _store(root, store, certificate)
    print_json({"record": _told(lambda: claimed_in(records, record)).model_dump(mode="json", by_alias=True)})


def _store(root: Path, file: Path | None, certificate: Path | None) -> EpochStore:
    folder = root.resolve()
    authority = certificate.read_text() if certificate else load_project(folder).platform.guard.certificate
    return store_at(folder, file, authority)


def _told(what: Callable[[], _Result]) -> _Result:
    try:
        return what()
    except StoreError as error:
        _end(str(error), EXIT_FAILED)


def _end(text: str, code: int) -> NoReturn:
    sys.stderr.write(f"{text}\n")
    raise typer.Exit(code)
