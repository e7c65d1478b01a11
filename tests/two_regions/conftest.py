"""Two regions for all tests of this package: Europe first, with rows, then India as its copy."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from lab.apply import apply
from lab.postgres import Database
from lab.project import clusters
from lab.regions import Lab, missing
from lab.road import Traffic
from tests.planning import ROOT
from tests.two_regions.probes import Probe, probes

KEEP: Final = "OPENOVA_LAB_OF_TESTS"
"""Names a folder that keeps the lab of these tests from one run to the next, for whoever works on them."""

BELOW: Final = Path("openova") / "lab"
"""Where a lab lies below XDG_STATE_HOME: commands of their own find the one of these tests by it."""

ROWS: Final = 20_000


@dataclass(frozen=True)
class Regions:
    """The lab, its databases, and rows of Europe as they were before there was a copy."""

    lab: Lab
    europe: Database
    india: Database
    counted: dict[str, int]
    clone_seconds: float


@pytest.fixture(scope="package")
def regions() -> Iterator[Regions]:
    """Both regions are up and healthy, 150 ms apart."""
    if absent := missing():
        pytest.skip(absent)
    if kept := os.environ.get(KEEP):
        yield _brought_up(Lab(Path(kept) / BELOW))
        return
    with tempfile.TemporaryDirectory(prefix="openova-lab-") as folder:
        lab = Lab(Path(folder) / BELOW, f"openova-{os.getpid()}", tied=True)
        try:
            yield _brought_up(lab)
        finally:
            lab.down()


def _brought_up(lab: Lab) -> Regions:
    lab.begin(ROOT, _silent, Traffic())
    names = clusters(lab.project)
    apply(lab, _untold, ["shared", "eu"])
    europe = Database(lab.cluster("eu"), names["eu"])
    europe.wait_healthy(_silent)
    if europe.writes():  # a kept lab may have turned its roles round since
        europe.sql(
            "create table if not exists before_the_copy (id int primary key, text text not null);"
            f"insert into before_the_copy select i, repeat('row ', 50) from generate_series(1, {ROWS}) i "
            "on conflict do nothing; grant all on all tables in schema public to app;"
            # A copy begins with a checkpoint that takes its time over whatever is not on disk yet.
            "checkpoint"
        )
    counted = {"before_the_copy": int(europe.sql("select count(*) from before_the_copy"))}
    begun = time.monotonic()
    apply(lab, _untold, ["in"])
    india = Database(lab.cluster("in"), names["in"])
    india.wait_healthy(_silent)
    return Regions(lab, europe, india, counted, time.monotonic() - begun)


@pytest.fixture(scope="package")
def in_europe(regions: Regions) -> list[Probe]:
    """A pod on every node of Europe."""
    return probes(regions.lab, "eu")


@pytest.fixture(scope="package")
def in_india(regions: Regions) -> list[Probe]:
    """A pod on every node of India."""
    return probes(regions.lab, "in")


def _silent(text: str) -> None:
    """Progress is for people who wait."""


def _untold(stack: str, what: str, seconds: float) -> None:
    """The same, of single steps."""
