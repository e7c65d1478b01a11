"""`openova record`: the record by hand, with what the stack `shared` tells of its bucket."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from operations.epoch.claim import claim as claimed_in
from operations.epoch.record import Change, EpochRecord
from operations.epoch.s3 import S3EpochStore, bucket_of
from operations.epoch.store import StoreError
from operations.options import EXIT_CONFIGURATION, EXIT_FAILED, print_json

app = typer.Typer(
    help="The record of who may write, kept outside all regions. Bucket and keys come by standard input: "
    "pulumi stack output --stack shared --show-secrets --json | openova record show",
    no_args_is_help=True,
)

_Result = TypeVar("_Result")

Certificate = Annotated[
    Path | None,
    typer.Option(help="An authority (PEM) that signs the store's certificate.", dir_okay=False, exists=True),
]


@app.command()
def show(
    regions: Annotated[list[str] | None, typer.Argument(help="Codes of regions whose statements are shown.")] = None,
    certificate: Certificate = None,
) -> None:
    """Print the record, and what the nodes of these regions last stated, as JSON."""
    store = _store(certificate)
    found = _told(store.read)
    stated = {code: _told(lambda code=code: store.statements(code)) for code in regions or ()}  # type: ignore[misc]
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
    store = _store(certificate)
    print_json({"record": _told(lambda: claimed_in(store, record)).model_dump(mode="json", by_alias=True)})


def _store(certificate: Path | None) -> S3EpochStore:
    try:
        bucket = bucket_of(json.load(sys.stdin), certificate.read_text() if certificate else None)
    except (ValueError, KeyError, TypeError):
        _end(
            "Standard input is to hold the outputs of the stack shared, with `guard` and `guardCredentials`. They "
            "are not there, so no bucket is known. Run: "
            "pulumi stack output --stack shared --show-secrets --json | openova record show\n"
            "Where `guard` is empty, the guard is off (openova:guard), or shared was not brought up since.",
            EXIT_CONFIGURATION,
        )
    return S3EpochStore(bucket)


def _told(what: Callable[[], _Result]) -> _Result:
    try:
        return what()
    except StoreError as error:
        _end(str(error), EXIT_FAILED)


def _end(text: str, code: int) -> NoReturn:
    sys.stderr.write(f"{text}\n")
    raise typer.Exit(code)
