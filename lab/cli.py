"""`openova lab`: two regions on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lab.regions import Lab

app = typer.Typer(help="Two regions on this Linux machine, with real Kubernetes and PostgreSQL.", no_args_is_help=True)


class Guard(StrEnum):
    """What guards do that cannot reach the record."""

    off = "off"
    fence = "fence"
    carry_on = "continue"


class Engine(StrEnum):
    """Who carries the program out."""

    here = "here"
    pulumi = "pulumi"


@app.command()
def up(
    root: Annotated[Path, typer.Option("--root", help="The folder of Pulumi.yaml.", file_okay=False)] = Path(),
    engine: Annotated[
        Engine, typer.Option(help="`here`: the program is carried out in this process. `pulumi`: by `pulumi up`.")
    ] = Engine.here,
    round_trip: Annotated[int, typer.Option(help="Milliseconds between the regions and back.", min=0, max=2000)] = 150,
    guard: Annotated[
        Guard | None,
        typer.Option(help="Guards, and what they do without the record; by default as the last time, at first `off`."),
    ] = None,
) -> None:
    """Bring both regions up; run again, it repairs what is half done. Needs root and what docs/lab.md names."""
    from lab.up import bring_up

    with _told():
        chosen = guard.value if guard else None
        bring_up(_lab(), root.resolve(), round_trip / 1000, _say(), pulumi=engine is Engine.pulumi, guard=chosen)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Say who writes and who follows, as the databases themselves tell it."""
    from lab.status import lines
    from lab.status import status as found

    with _told():
        now = found(_lab())
        sys.stdout.write(f"{json.dumps(now, indent=2)}\n" if as_json else "\n".join(lines(now)) + "\n")


@app.command()
def down() -> None:
    """End everything and remove what the lab kept; what it was built from stays in the cache."""
    with _told():
        _lab().down()


@app.command()
def cut(
    one: Annotated[str, typer.Argument(help="A region's code; or `api`, `edge` or `store`.")],
    other: Annotated[str, typer.Argument(help="Another region's code; after such a word the region concerned.")],
    one_way: Annotated[bool, typer.Option("--one-way", help="From the first to the second only.")] = False,
) -> None:
    """Cut the road between two regions, to a region's API, from the edge to a region, or from a region to the store of
    the record: packets vanish silently."""
    with _told():
        road = _lab().road
        now = road.traffic
        if one == "api":
            road.set(replace(now, api=tuple(sorted({*now.api, _known(other)}))))
        elif one == "edge":
            road.set(replace(now, edge=tuple(sorted({*now.edge, _known(other)}))))
        elif one == "store":
            road.set(replace(now, store=tuple(sorted({*now.store, _known(other)}))))
        else:
            road.set(now.cut(_known(one), _known(other), one_way=one_way))


@app.command()
def heal() -> None:
    """Undo every cut."""
    with _told():
        road = _lab().road
        road.set(replace(road.traffic, cuts=(), api=(), edge=(), store=()))


@app.command()
def cloudflare(
    root: Annotated[Path, typer.Option("--root", help="The folder of Pulumi.yaml.", file_okay=False)] = Path(),
    port: Annotated[int, typer.Option(help="Of the API, on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8787,
    edge_port: Annotated[int, typer.Option(help="Of the edge, where users ask.", min=0, max=65535)] = 8788,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep everything there, and have it again.", dir_okay=False)
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS=URL", help="A server that stands for an origin's address. Repeatable."),
    ] = None,
    direct: Annotated[bool, typer.Option("--direct", help="Ask every other address itself.")] = False,
    authority: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates by which origins over https are known.")
    ] = None,
    scale: Annotated[float, typer.Option(help="How many times as fast checks run.", min=1, max=1000)] = 1,
) -> None:
    """A Cloudflare on this machine: its API, and an edge that checks origins and steers users. Needs no root.

    Plan, domain, account and zone are those of the configuration.
    """
    from lab.cloudflare.command import Options, contract_of, run, servers_of

    try:
        servers = servers_of(origin or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--origin") from None
    options = Options(
        port=port,
        edge_port=edge_port,
        state=state,
        servers=servers,
        direct=direct,
        authority=authority,
        scale=scale,
    )
    contract = contract_of(root.resolve())
    with _told(), suppress(KeyboardInterrupt):
        run(contract, options, typer.echo)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def kubectl(region: str, arguments: Annotated[list[str], typer.Argument()]) -> None:
    """Run kubectl in a region: openova lab kubectl eu get pods -A."""
    with _told():
        command = _lab().cluster(_known(region)).command(*arguments)
    os.execvp(command[0], command)  # noqa: S606


def _lab() -> Lab:
    from lab.regions import Lab

    return Lab()


def _known(code: str) -> str:
    from lab.world import REGIONS

    codes = [region.code for region in REGIONS]
    if code not in codes:
        raise typer.BadParameter(f"The lab's regions are {' and '.join(codes)}; {code!r} is none. Nothing was changed.")
    return code


def _say() -> Callable[[str], None]:
    begun = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - begun:6.1f} s  {text}\n")
        sys.stdout.flush()

    return say


@contextmanager
def _told() -> Iterator[None]:
    """What went wrong as one message and exit code 1, without a stack trace."""
    from operations.plan.worker import ProgramError

    try:
        yield
    except (RuntimeError, OSError, subprocess.SubprocessError, ProgramError) as error:
        said = getattr(error, "stderr", None)
        text = said.decode() if isinstance(said, bytes) else said
        sys.stderr.write(f"{text or error}\n")
        raise typer.Exit(1) from None
