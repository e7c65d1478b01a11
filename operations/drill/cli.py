"""The command `openova drill`."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from operations.options import EXIT_FAILED, Kubeconfigs, Root, StoreFile
from operations.stopped import StoppedError

if TYPE_CHECKING:
    from operations.drill.command import Place
    from operations.drill.users import Ask


def drill(
    scenario: Annotated[
        list[str] | None, typer.Argument(help="What happens; several are played one after the other. None: a list.")
    ] = None,
    real: Annotated[
        bool, typer.Option("--real", help="On the regions of the configuration; what breaks them is asked of you.")
    ] = False,
    root: Root = Path(),
    kubeconfig: Kubeconfigs = None,
    store: StoreFile = None,
    image: Annotated[
        str | None, typer.Option(help="The ledger's image by its digest, as its workflow prints it. With --real.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Writes a second, from each region.", min=1, max=2000)] = 100,
    connections: Annotated[int, typer.Option(help="How many connections of a region write.", min=1, max=80)] = 24,
    reads: Annotated[float, typer.Option(help="Reads a second, from each region.", min=1, max=500)] = 10,
    out: Annotated[
        Path, typer.Option(help="Where the evidence is written, as JSON and as a picture.", file_okay=False)
    ] = Path("build/drills"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the evidence as JSON and nothing else.")] = False,
) -> None:
    """Break something while rows are written and read, act as the runbook says, and measure what it cost.

    In the lab of this machine (openova lab up --guard fence), or with --real on a pair of your own. Exits with 1 where
    a goal was missed.
    """
    from operations.drill.command import CONSOLE, Place, chosen, drills
    from operations.drill.hands import Person
    from operations.drill.load import Rate
    from operations.drill.show import listed

    # Ended from outside, it mends what it broke and ends what it started, as with Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    scenarios, here = chosen(scenario or ()), out.resolve()
    if not scenarios:
        listed(CONSOLE)
        return
    wanted = Rate(writes=rate, connections=connections, reads=reads)
    if real:
        person = Person(_asked)
        place = Place(
            root=root.resolve(), kubeconfigs=kubeconfig or (), store=store, image=_image(image), hands=person,
            users=_users(root), lab=False, pulumi=True,
        )  # fmt: skip
        passed = drills(place, scenarios, wanted, here, as_json=as_json)
    else:
        with _lab() as place:
            passed = drills(place, scenarios, wanted, here, as_json=as_json)
    if not passed:
        raise typer.Exit(EXIT_FAILED)


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _asked(text: str) -> None:
    from operations.drill.command import CONSOLE

    CONSOLE.input(f"{text}; then press Enter. ", markup=False)


@contextmanager
def _lab() -> Iterator[Place]:
    from lab.cloudflare.applied import RefusedError
    from lab.drill import enter, place
    from lab.edge import edge
    from lab.regions import Lab

    try:
        lab = Lab()
        enter(lab)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        raise StoppedError(f"{error} With --real a drill is played on a pair of your own (docs/gameday.md).") from None
    try:
        with edge(lab) as made:
            yield place(lab, made, lambda text: None)
    except RefusedError as error:
        raise StoppedError(f"The lab's edge refuses what the program makes: {error}") from None


def _users(root: Path) -> dict[str, Ask]:
    """Whoever runs the drill asks the edge from here, by the first name of the configuration."""
    import httpx

    from settings.loader import load_project

    platform = load_project(root.resolve()).platform
    url = f"https://{platform.edge.hosts[0]}.{platform.domain}{platform.edge.monitor.path}"

    def ask() -> tuple[int, str]:
        try:
            return httpx.get(url, timeout=20).status_code, ""
        except httpx.TransportError:
            return 0, ""

    return {"here": ask}


def _image(image: str | None) -> str:
    from settings.problems import Problem, SettingsError

    if image is not None and "@sha256:" in image:
        return image
    raise SettingsError([Problem(
        "(command line)", "--image",
        "The ledger's image is not named by its digest." if image else "There is no image of the ledger.",
        "Nothing would write and read.",
        "Build operations/drill/ledger/Containerfile, or run the workflow 'image', and name what it prints.",
    )])  # fmt: skip
