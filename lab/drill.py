"""Drills in the lab: in its own network, with its own hands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from lab.edge import PLACES, LabEdge
from lab.hands import LabHands
from lab.ledger_root import ledger_packages
from lab.project import clusters
from lab.regions import Lab
from lab.tools import LEDGER_IMAGE, cache
from operations.drill.command import Place

NETWORK: Final = Path("/proc/self/ns/net")


def enter(lab: Lab) -> None:
    """Goes on in the lab's network: this process is replaced by the same command there, unless it is there already.

    Raises RuntimeError without a lab, or where the ledger was not built.
    """
    world = lab.running
    if not ledger_packages().exists():
        raise RuntimeError("The drill's application is not built: python -m lab ledger, then openova lab up.")
    if NETWORK.readlink() == Path(f"/proc/{world.pid}/ns/net").readlink():
        return
    os.environ["PATH"] = f"{cache() / 'bin'}:{os.environ['PATH']}"
    command = world.within([sys.executable, "-m", "operations", *sys.argv[1:]])
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606


def place(lab: Lab, edge: LabEdge, say: Callable[[str], None]) -> Place:
    """The lab as the place of a drill. Raises RuntimeError without a lab."""
    codes = clusters(lab.project)
    return Place(
        root=lab.project,
        kubeconfigs=[f"{code}={lab.cluster(code).kubeconfig}" for code in codes],
        store=lab.store.outputs_file() if lab.store.secrets() else None,
        image=LEDGER_IMAGE,
        hands=LabHands(lab, say, edge),
        users={town: partial(edge.ask, town) for town in PLACES},
        lab=True,
        pulumi=False,
        round_trip_ms=round(lab.road.traffic.round_trip * 1000),
    )
