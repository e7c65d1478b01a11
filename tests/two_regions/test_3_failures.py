"""What breaks for a while: the road between the regions, an instance, and a promise that nobody gave."""

from __future__ import annotations

import base64
import json
import time

import pytest

from lab.kubernetes import RefusedError
from lab.postgres import KIND, NAMESPACE, Database, until
from lab.road import Traffic
from tests.hosts.pings import unreachable
from tests.two_regions.conftest import Regions
from tests.two_regions.probes import Probe
from tests.two_regions.writer import lost, writing

pytestmark = [pytest.mark.lab, pytest.mark.regions]


@pytest.mark.parametrize("one_way", [False, True], ids=["both-ways", "one-way"])
def test_a_cut_road_loses_nothing_once_it_is_healed(regions: Regions, one_way: bool) -> None:
    table = f"cut_{'one_way' if one_way else 'both_ways'}"
    regions.europe.sql(f"create table {table} (id int)")
    until(lambda: _has(regions.india, table), f"{table} did not arrive", seconds=20)
    regions.lab.road.set(Traffic().cut("eu", "in", one_way=one_way))
    try:
        regions.europe.sql(f"insert into {table} select generate_series(1, 5000)", seconds=20)
        time.sleep(3)
        assert regions.india.sql(f"select count(*) from {table}") == "0"
        assert _silent(regions)
    finally:
        regions.lab.road.set(Traffic())
    until(lambda: regions.india.sql(f"select count(*) from {table}") == "5000", "rows are missing", seconds=90)
    assert regions.india.state()["timeline"] == regions.europe.state()["timeline"]
    assert not unreachable(regions.lab.hosts.values())


def _has(database: Database, table: str) -> bool:
    return database.sql(f"select to_regclass('{table}') is not null") == "t"


def _silent(regions: Regions) -> bool:
    """Nothing comes over the cut road, by whichever address, and nobody says why."""
    europe, india = regions.lab.of("eu")[0], regions.lab.of("in")[0]
    pings = [europe.console(f"ping -c1 -W2 {address}") for address in (india.address, india.mesh_address)]
    return all(done.returncode == 1 and "Unreachable" not in done.stdout for done in pings)


def test_a_lossy_road_slows_replication_and_loses_nothing(regions: Regions) -> None:
    regions.europe.sql("create table lossy (id int)")
    regions.lab.road.set(Traffic(loss=0.05))
    try:
        regions.europe.sql("insert into lossy select generate_series(1, 20000)")
        until(
            lambda: _has(regions.india, "lossy") and regions.india.sql("select count(*) from lossy") == "20000",
            "rows are missing",
            seconds=90,
        )
    finally:
        regions.lab.road.set(Traffic())


def test_a_killed_primary_loses_no_acknowledged_row(regions: Regions, in_europe: list[Probe]) -> None:
    before = regions.europe.leader
    with writing(in_europe[1], regions.europe, "killed") as writer:
        regions.lab.cluster("eu").kubectl(
            "delete", "pod", before, "-n", NAMESPACE, "--grace-period=0", "--force", "--wait=false"
        )
        until(lambda: _leads_and_writes(regions.europe, before), "nobody took over", seconds=120)
    assert len(writer.acknowledged) > 10
    assert lost(writer, regions.europe) == set()
    assert max(writer.acknowledged) - len(writer.acknowledged) < 60  # it went on afterwards
    regions.europe.wait_healthy(print)
    until(lambda: lost(writer, regions.india) == set(), "rows are missing in India", seconds=60)


def _leads_and_writes(database: Database, before: str) -> bool:
    leader = database.leader
    return bool(leader) and leader != before and database.writes(leader)


def test_a_killed_designated_primary_is_replaced_and_streams_on(regions: Regions) -> None:
    before = regions.india.leader
    regions.lab.cluster("in").kubectl(
        "delete", "pod", before, "-n", NAMESPACE, "--grace-period=0", "--force", "--wait=false"
    )
    time.sleep(2)
    regions.india.wait_healthy(print)
    regions.europe.sql("create table after_the_kill (id int)")
    until(lambda: _has(regions.india, "after_the_kill"), "India does not stream", seconds=60)


def test_a_forged_promotion_token_is_refused(regions: Regions) -> None:
    real = regions.india.resource["spec"]
    forged = {
        "latestCheckpointTimelineID": "1",
        "redoWalFile": "000000010000000000000001",
        "databaseSystemIdentifier": "1234567890123456789",
        "latestCheckpointREDOLocation": "0/1000028",
        "timeOfLatestCheckpoint": "Tue Nov 24 12:00:00 2026",
        "operatorVersion": "1.30.0",
    }
    token = base64.b64encode(json.dumps(forged).encode()).decode()
    try:
        _patch(regions.india, {"primary": regions.india.name, "promotionToken": token})
    except RefusedError as error:
        assert "promotionToken" in str(error)
        return
    try:
        until(lambda: "token" in _phase(regions.india).lower(), "the operator says nothing of the token", seconds=60)
        for pod in regions.india.pods:
            assert not regions.india.writes(pod), pod
    finally:
        _patch(regions.india, {"primary": real["replica"]["primary"], "promotionToken": None})
    regions.india.wait_healthy(print)


def _phase(database: Database) -> str:
    status = database.resource["status"]
    return f"{status.get('phase')} {status.get('phaseReason')}"


def _patch(database: Database, replica: dict[str, str | None]) -> None:
    patch = json.dumps({"spec": {"replica": replica}})
    database.cluster.kubectl("patch", KIND, database.name, "-n", NAMESPACE, "--type=merge", "-p", patch)
