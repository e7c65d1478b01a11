"""The same two regions by Pulumi's own engine: up, nothing to do, and a switchover with a real demotion token."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
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
    """Both regions, brought up by `openova up`."""
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


@pytest.fixture
def edge(by_engine: ByEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The edge of the platform, by the engine too, on a local Cloudflare in the lab's network."""
    if shutil.which("pulumi-resource-cloudflare") is None:
        pytest.skip("needs pulumi-resource-cloudflare on PATH")
    command = [sys.executable, "-m", "operations", "lab", "cloudflare", f"--root={by_engine.lab.project}", "--direct"]
    with subprocess.Popen(
        by_engine.lab.running.within(command), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as serving:
        try:
            told = dict(line.split()[:2] for line in islice(serving.stdout or (), 5) if len(line.split()) == 2)
            monkeypatch.setenv("CLOUDFLARE_BASE_URL", told["API"])
            monkeypatch.setenv("CLOUDFLARE_API_TOKEN", told["Token"])
            monkeypatch.setenv("OPENOVA_EDGE_URL", told["Edge"])
            secret = ("--secret", "cloudflare:apiToken")
            by_engine.engine.pulumi("config", "set", "--stack", "global", *secret, stdin=told["Token"])
            by_engine.engine.up(print, ["global"])
            yield
        finally:
            serving.terminate()


def test_a_second_run_has_nothing_to_do(by_engine: ByEngine) -> None:
    for stacks in (engine.REGION_STACKS, ["eu"], ["in"]):
        begun = time.monotonic()
        by_engine.engine.up(print, stacks)
        print(f"openova up of {' and '.join(stacks)}: {time.monotonic() - begun:.1f} s")
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


def test_the_command_moves_the_writes_and_brings_every_stack_up_to_it(by_engine: ByEngine, edge: None) -> None:
    europe, india = by_engine.europe, by_engine.india
    to, new, old = ("eu", europe, india) if india.writes() else ("in", india, europe)
    old.sql("create table moved as select generate_series(1, 1000) as id")
    with by_engine.engine.openova("switchover", f"--to={to}", "--yes", "--no-policies") as running:
        told, _ = running.communicate(timeout=engine.SECONDS)
    print(told)
    assert running.returncode == 0, told
    assert "The stacks are brought up to it" in told
    assert new.writes()
    assert new.sql("select count(*) from moved") == "1000"
    old.wait_healthy(print)
    for stack in (*engine.STACKS, "global"):
        assert by_engine.changes(stack) == {}, stack
