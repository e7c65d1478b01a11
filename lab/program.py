"""The program as Pulumi's engine runs it for the lab: unchanged, with the overlay laid over what it registers."""

from __future__ import annotations

import os
import runpy
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi.runtime import register_resource_transform

from lab.overlay import OVERLAID, RELEASE, overlaid
from operations.plan.worker import PROGRAM

CHARTS: Final = "OPENOVA_LAB_CHARTS"
"""The variable that names the folder of charts."""


def main() -> None:
    """Runs the program of the stack. Raises KeyError without the variable CHARTS."""
    run, programs = pulumi.run, list[Callable[[], Awaitable[None]]]()
    pulumi.run = programs.append  # type: ignore[assignment]
    runpy.run_path(str(PROGRAM))
    (program,) = programs

    async def with_overlay() -> None:
        register_resource_transform(_overlay)
        await program()

    run(with_overlay)


def _overlay(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    props: dict[str, Any] = dict(args.props)
    if args.type_ in OVERLAID:
        return pulumi.ResourceTransformResult(overlaid(args.type_, props), args.opts)
    if args.type_ == RELEASE:
        props["chart"] = str(Path(os.environ[CHARTS]) / props["chart"])
        del props["repositoryOpts"]
        return pulumi.ResourceTransformResult(props, args.opts)
    return None
