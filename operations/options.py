"""What the commands have in common: their options, their exit codes, and JSON on standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

EXIT_CONFIGURATION: Final = 2
"""The configuration or the command line is refused; nothing was changed."""

EXIT_FAILED: Final = 1
"""Anything else that is not well."""

Root = Annotated[Path, typer.Option("--root", help="The folder of Pulumi.yaml.", file_okay=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
BringUp = Annotated[
    bool, typer.Option("--pulumi/--no-pulumi", help="Bring the stacks up afterwards, where Pulumi is at hand.")
]
Policies = Annotated[
    bool, typer.Option("--policies/--no-policies", help="Let the engine make nothing that breaks a policy.")
]
ToRegion = Annotated[str, typer.Option("--to", help="The region that is to write.")]
Kubeconfigs = Annotated[
    list[str] | None,
    typer.Option(
        "--kubeconfig",
        metavar="SITE=FILE",
        help="How a site's cluster is reached (default: the output of its stack). Repeatable.",
    ),
]
StoreFile = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FILE",
        help="The outputs of the stack shared as JSON, where the record's bucket and keys stand (default: Pulumi is "
        "asked). Used where the guard is on.",
        dir_okay=False,
        exists=True,
    ),
]


def print_json(value: Any) -> None:
    """The value on standard output, as it is written to files."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
