"""The commands over all stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from operations.options import EXIT_FAILED, Policies, Root, Yes

Stacks = Annotated[list[str] | None, typer.Option("--stack", help="This stack only. Repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="Print what came of it as JSON; progress goes to standard error.")]
Logs = Annotated[
    Path | None, typer.Option("--logs", help="Where each stack's log is kept (default: build/stacks).", file_okay=False)
]
AtOnce = Annotated[int, typer.Option("--at-once", min=1, help="How many stacks run at a time.")]


def add_to(app: typer.Typer) -> None:
    """Make the commands part of `openova`."""
    app.command()(up)
    app.command()(preview)
    app.command()(destroy)


def up(
    root: Root = Path(),
    stack: Stacks = None,
    policies: Policies = True,
    as_json: Json = False,
    logs: Logs = None,
    at_once: AtOnce = 4,
) -> None:
    """Bring every stack up, in order, and at the same time what does not wait for each other."""
    from operations.stacks.command import Request, carry_out

    request = Request(
        root=root.resolve(), stacks=stack or (), as_json=as_json, logs=logs, at_once=at_once, policies=policies
    )
    if not carry_out("up", request):
        raise typer.Exit(EXIT_FAILED)


def preview(
    root: Root = Path(),
    stack: Stacks = None,
    policies: Policies = True,
    as_json: Json = False,
    logs: Logs = None,
    at_once: AtOnce = 4,
) -> None:
    """Ask the engine what `openova up` would change, in every stack, and change nothing."""
    from operations.stacks.command import Request, carry_out

    request = Request(
        root=root.resolve(), stacks=stack or (), as_json=as_json, logs=logs, at_once=at_once, policies=policies
    )
    if not carry_out("preview", request):
        raise typer.Exit(EXIT_FAILED)


def destroy(
    root: Root = Path(),
    stack: Stacks = None,
    exclude_protected: Annotated[
        bool, typer.Option("--exclude-protected", help="Leave what is protected, and destroy the rest.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
    logs: Logs = None,
    at_once: AtOnce = 4,
) -> None:
    """Destroy the stacks: traffic first, keys last. Asks, and touches nothing while something is protected."""
    from operations.stacks.command import Request, carry_out

    request = Request(
        root=root.resolve(), stacks=stack or (), as_json=as_json, logs=logs, at_once=at_once,
        yes=yes, exclude_protected=exclude_protected,
    )  # fmt: skip
    if not carry_out("destroy", request):
        raise typer.Exit(EXIT_FAILED)
