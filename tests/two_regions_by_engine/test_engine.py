"""The same two regions by Pulumi's own engine: up, nothing to do, and a switchover with a real demotion token."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import engine
from lab.engine import Engine
from lab.postgres import Database, until
from lab.project import clusters, set_authority
from lab.regions import Lab, missing
from lab.road import Traffic
from tests.planning import ROOT

pytestmark = [pytest.mark.lab, pytest.mark.regions, pytest.mark.engine]


@dataclass(frozen=True)
class ByEngine:
    """A lab that only the engine has touched."""

    lab: Lab
    engine: Engine
    europe: Database
    india: Database

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs, secrets included."""
        said = self.engine.pulumi("stack", "output", "--json", "--show-secrets", "--stack", stack).stdout
        found: dict[str, Any] = json.loads(said)
        return found

    def changes(self, stack: str) -> dict[str, int]:
        """What a preview would do, by operation, without what stays the same and the references that it reads."""
        said = self.engine.pulumi("preview", "--json", "--suppress-progress", "--stack", stack).stdout
        summary: dict[str, int] = json.loads(said[said.index("{") :])["changeSummary"]
        return {operation: count for operation, count in summary.items() if operation not in ("same", "read")}


@pytest.fixture(scope="module")
def by_engine() -> Iterator[ByEngine]:
    """Both regions, brought up by `pulumi up` of each stack."""
    if absent := missing() or engine.missing():
        pytest.skip(absent)
    with tempfile.TemporaryDirectory(prefix="openova-engine-") as folder:
        lab = Lab(Path(folder) / "lab", f"openova-engine-{os.getpid()}", tied=True)
        try:
            lab.begin(ROOT, print, Traffic())
            running = Engine(lab)
            running.prepare()
            running.up(print)
            names = clusters(lab.project)
            europe, india = (Database(lab.cluster(code), names[code]) for code in ("eu", "in"))
            for database in (europe, india):
                database.wait_healthy(print)
            yield ByEngine(lab, running, europe, india)
        finally:
            lab.down()


def test_a_second_run_has_nothing_to_do(by_engine: ByEngine) -> None:
    # Europe came up before India and now learns where India's nodes are.
    by_engine.engine.up(print, ["eu"])
    for stack in engine.STACKS:
        assert by_engine.changes(stack) == {}, stack


def test_one_run_brings_the_token_of_the_epoch_and_the_next_one_promotes(by_engine: ByEngine) -> None:
    lab = by_engine.lab
    by_engine.europe.sql("create table kept as select generate_series(1, 1000) as id")
    set_authority(lab.project, {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"}, {})
    by_engine.engine.up(print, ["eu"])
    handover = by_engine.outputs("eu")["handover"]
    assert handover["epoch"] == 2
    assert handover["token"] == by_engine.europe.resource["status"]["demotionToken"]
    by_engine.engine.up(print, ["in"])
    until(by_engine.india.writes, "India does not write", seconds=120)
    assert by_engine.india.resource["status"]["lastPromotionToken"] == handover["token"]
    assert by_engine.india.sql("select count(*) from kept") == "1000"
    by_engine.europe.wait_healthy(print)
    for stack in ("eu", "in"):
        assert by_engine.changes(stack) == {}, stack
