"""The operator's commands on two regions with guards: status, switchover, failover, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from lab import s3
from lab.apply import apply
from lab.guard_root import guard_root
from lab.postgres import Database, until
from lab.regions import Lab
from lab.road import Traffic
from operations.authority.edit import set_record
from settings.project import read_yaml
from tests.planning import ROOT
from tests.two_regions.commands import openova, status
from tests.two_regions.conftest import Regions
from tests.two_regions.probes import Probe
from tests.two_regions.writer import lost, writing

pytestmark = [pytest.mark.lab, pytest.mark.regions]

WRITE = 'psql -Xq -v ON_ERROR_STOP=1 "$DATABASE_PRIMARY_URL" -c "create table if not exists {} (id int)"'
TOLD = re.compile(r"^ *(\d+\.\d) s  (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def commanded(regions: Regions) -> Iterator[Regions]:
    """Guards are on, and the settings know of the last change that the record has."""
    if absent := s3.missing() or ("" if guard_root().exists() else "needs the guard's image (python -m lab build)"):
        pytest.skip(absent)
    lab = regions.lab
    lab.road.set(Traffic())
    lab.begin(ROOT, lambda text: None, Traffic(), "fence")
    _catch_up(lab)
    apply(lab, untold)
    for database in (regions.europe, regions.india):
        database.wait_healthy(lambda text: None)
    yield regions
    lab.road.set(Traffic())


def _catch_up(lab: Lab) -> None:
    """Other tests claimed epochs by hand, in the record alone: the settings take the last one for a failover."""
    standing: dict[str, Any] | None = lab.store.openova_record("show")["record"]
    epoch = read_yaml(lab.project / "Pulumi.yaml")["config"]["authority"]["value"]["epoch"]
    if standing is None or standing["record"]["epoch"] <= epoch:
        return
    writes, number = standing["record"]["primary"], standing["record"]["epoch"]
    record = {"primary": writes, "previous": other(writes), "epoch": number, "change": "failover"}
    set_record(lab.project, record, copies={other(writes): {"generation": number, "cloneFrom": writes}})


def untold(stack: str, what: str, seconds: float) -> None:
    """Progress is for people who wait."""


def database_of(regions: Regions, code: str) -> Database:
    return regions.europe if code == "eu" else regions.india


def writer_of(lab: Lab) -> str:
    """The one that writes; in the seconds of CloudNativePG's restart after a promotion nobody does."""
    found: list[str] = []

    def one() -> bool:
        found[:] = [row["region"] for row in status(lab)["regions"] if row["writes"]]
        return len(found) == 1

    until(one, "not exactly one region writes", seconds=60)
    return found[0]


def other(code: str) -> str:
    return "in" if code == "eu" else "eu"


def settings(lab: Lab) -> str:
    return (lab.project / "Pulumi.yaml").read_text()


def generation(database: Database) -> int:
    """Of its Cluster: what rises when anybody changes the spec."""
    return int(database.resource["metadata"]["generation"])


def test_status_tells_who_writes_and_who_follows(commanded: Regions) -> None:
    found: dict[str, Any] = {}

    def well() -> bool:
        found.update(status(commanded.lab))
        return not found["failed"]

    # The guards were turned on a moment ago.
    until(well, "not all is well", phase=lambda: str([c for c in found["checks"] if c["status"] != "ok"]), seconds=60)
    writes = [row for row in found["regions"] if row["writes"]]
    follows = [row for row in found["regions"] if row["writes"] is False]
    assert [row["region"] for row in writes] == [found["authority"]["primary"]]
    assert len(follows) == 1
    assert follows[0]["source"]


def test_a_failover_is_refused_while_the_region_lives(commanded: Regions) -> None:
    before = settings(commanded.lab)
    ran = openova(commanded.lab, f"openova failover --to {other(writer_of(commanded.lab))}")
    assert ran.returncode == 1
    assert "is not lost" in ran.stdout
    assert settings(commanded.lab) == before


def test_a_failover_stops_where_the_places_disagree(commanded: Regions) -> None:
    lab, code = commanded.lab, writer_of(commanded.lab)
    before = settings(lab)
    lab.road.set(Traffic(api=(code,)))
    ran = openova(lab, f"openova failover --to {other(code)}")
    lab.road.set(Traffic())
    assert ran.returncode == 1
    assert "do not agree" in ran.stdout, ran.stdout
    assert settings(lab) == before


def test_a_switchover_is_refused_while_the_follower_does_not_stream(commanded: Regions) -> None:
    lab, code = commanded.lab, writer_of(commanded.lab)
    before = settings(lab)
    lab.road.set(Traffic().cut("eu", "in"))
    follower = database_of(commanded, other(code))
    until(lambda: follower.state()["source"] is None, "it still streams", seconds=90)
    ran = openova(lab, f"openova switchover --to {other(code)}")
    lab.road.set(Traffic())
    assert ran.returncode == 1
    assert "not streaming" in ran.stdout
    assert settings(lab) == before
    follower.wait_healthy(lambda text: None)


def test_a_switchover_under_writes_loses_nothing_and_leaves_the_program_nothing_to_do(
    commanded: Regions, in_india: list[Probe]
) -> None:
    lab, code = commanded.lab, writer_of(commanded.lab)
    with writing(in_india[1], database_of(commanded, code), "commanded") as writer:
        ran = openova(lab, f"openova switchover --to {other(code)}")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        until(lambda: in_india[1].run(WRITE.format("turned")).code == 0, "nobody writes", seconds=60)
    assert writer_of(lab) == other(code)
    assert lost(writer, database_of(commanded, other(code))) == set()
    print(TOLD.findall(ran.stdout))
    before = [generation(each) for each in (commanded.europe, commanded.india)]
    apply(lab, untold)
    assert [generation(each) for each in (commanded.europe, commanded.india)] == before


def test_a_command_that_was_broken_off_goes_on(commanded: Regions) -> None:
    """The settings are written and nothing was done: as after a cut right behind the edit."""
    lab, code = commanded.lab, writer_of(commanded.lab)
    epoch = int(status(lab)["authority"]["epoch"]) + 1
    set_record(lab.project, {"primary": other(code), "previous": code, "epoch": epoch, "change": "switchover"})
    ran = openova(lab, f"openova switchover --to {other(code)}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert writer_of(lab) == other(code)
    again = openova(lab, f"openova switchover --to {other(code)}")
    assert again.returncode == 0
    apply(lab, untold)
    for database in (commanded.europe, commanded.india):
        database.wait_healthy(lambda text: None)


def test_a_failover_needs_nothing_of_the_lost_region_which_comes_back_shut(
    commanded: Regions, in_europe: list[Probe], in_india: list[Probe]
) -> None:
    lab, code = commanded.lab, writer_of(commanded.lab)
    survivor = other(code)
    there = {"eu": in_europe, "in": in_india}
    lab.road.set(Traffic(api=(code,), store=(code,)).cut("eu", "in"))
    until(lambda: database_of(commanded, survivor).state()["source"] is None, "it still streams", seconds=90)
    ran = openova(lab, f"openova failover --to {survivor}", without=code)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    print(TOLD.findall(ran.stdout))
    until(lambda: there[survivor][0].run(WRITE.format("after_it")).code == 0, "nobody writes", seconds=60)
    before = generation(database_of(commanded, survivor))
    apply(lab, untold, [survivor])
    assert generation(database_of(commanded, survivor)) == before
    lab.road.set(Traffic().cut("eu", "in"))
    own = 'psql -Xq -v ON_ERROR_STOP=1 "$DATABASE_PRIMARY_URL" -c "create table stray (id int)"'
    assert there[code][0].run(own).code != 0
    lab.road.set(Traffic())
    first = openova(lab, f"openova rejoin --region {code}")
    assert first.returncode == 1, first.stdout + first.stderr
    assert "is gone" in first.stdout
    apply(lab, untold)
    second = openova(lab, f"openova rejoin --region {code}")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "streams from" in second.stdout
    assert "in traffic again" in second.stdout
    database_of(commanded, code).wait_healthy(lambda text: None)
    assert not status(lab)["failed"]
