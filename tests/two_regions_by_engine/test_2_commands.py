"""The operator's commands with the engine, running PostgreSQL and an edge, all at one time."""

from __future__ import annotations

import time

import pytest

from lab.kubernetes import RefusedError
from lab.postgres import NAMESPACE, Database, until
from lab.road import Traffic
from operations.authority.steps import FENCED
from tests.planning import ROOT
from tests.two_regions_by_engine.conftest import EVERY, ByEngine

pytestmark = [pytest.mark.lab, pytest.mark.regions, pytest.mark.engine]

# The lab's own images have no digests, and policies want them.
AGREED = ("--yes", "--no-policies")

ROWS = "create table {} as select generate_series(1, 1000) as id"


def other(code: str) -> str:
    """The region that is not this one."""
    return "in" if code == "eu" else "eu"


def answers(database: Database) -> bool:
    """Whether PostgreSQL can be asked at all."""
    try:
        return bool(database.state())
    except RefusedError:
        return False


def has(database: Database, table: str) -> bool:
    """Whether all rows are there; CloudNativePG restarts what was promoted half a minute later, which passes."""
    try:
        return database.sql(f"select to_regclass('{table}') is not null") == "t" and (
            database.sql(f"select count(*) from {table}") == "1000"
        )
    except RefusedError:
        return False


def test_the_command_moves_the_writes_and_brings_every_stack_up_to_it(by_engine: ByEngine, edge: None) -> None:
    old = by_engine.writer
    by_engine.databases[old].sql(ROWS.format("moved"))
    code, told = by_engine.openova("switchover", f"--to={other(old)}", *AGREED)
    assert code == 0
    assert "The stacks are brought up to it" in told
    assert by_engine.writer == other(old)
    until(lambda: has(by_engine.databases[other(old)], "moved"), "rows are lost", seconds=60)
    by_engine.databases[old].wait_healthy(print)
    for stack in EVERY:
        assert by_engine.changes(stack) == {}, stack


def test_after_the_loss_of_the_writer_the_other_region_writes_and_the_lost_one_comes_back_as_a_copy(
    by_engine: ByEngine, edge: None
) -> None:
    lost = by_engine.writer
    survivor = by_engine.databases[other(lost)]
    by_engine.databases[lost].sql(ROWS.format("before_it"))
    until(lambda: has(survivor, "before_it"), "no copy", seconds=60)
    hosts = [host for host in by_engine.lab.hosts.values() if host.region.code == lost]
    for host in hosts:
        host.cut_power()
    until(lambda: survivor.state()["source"] is None, "it still streams", seconds=120)
    code, told = by_engine.openova("failover", f"--to={other(lost)}", *AGREED)
    assert code == 0
    until(lambda: survivor.writes() and has(survivor, "before_it"), told, seconds=60)
    assert by_engine.changes(other(lost)) == {}

    by_engine.lab.begin(ROOT, print, Traffic())
    until(lambda: answers(by_engine.databases[lost]), "the lost region does not answer", seconds=300)
    comes_back(by_engine, lost, "before_it")


def test_a_database_that_is_lost_while_its_cluster_answers_is_fenced_and_stays_down_when_it_could_run_again(
    by_engine: ByEngine, edge: None
) -> None:
    lost = by_engine.writer
    survivor, database = by_engine.databases[other(lost)], by_engine.databases[lost]
    database.sql(ROWS.format("before_the_fence"))
    until(lambda: has(survivor, "before_the_fence"), "no copy", seconds=60)
    kubectl, nodes = database.cluster.kubectl, [f"contabo-{lost}-{number}" for number in (1, 2, 3)]
    kubectl("cordon", *nodes)
    kubectl("delete", "pods", "-n", NAMESPACE, "--force", "--grace-period=0", *database.pods)
    until(lambda: survivor.state()["source"] is None, "it still streams", seconds=120)
    code, told = by_engine.openova("failover", f"--to={other(lost)}", "--database-only", *AGREED)
    assert code == 0
    until(lambda: survivor.writes() and has(survivor, "before_the_fence"), told, seconds=60)
    assert database.resource["metadata"]["annotations"][FENCED] == '["*"]'

    kubectl("uncordon", *nodes)
    until(lambda: _running(database) > 0, "no pod of it runs", seconds=180)
    for _ in range(20):
        assert not answers(database)
        time.sleep(1)
    comes_back(by_engine, lost, "before_the_fence")


def comes_back(by_engine: ByEngine, lost: str, table: str) -> None:
    """The lost region becomes a copy of the writer, and nothing is left to do."""
    code, told = by_engine.openova("rejoin", f"--region={lost}", *AGREED)
    assert code == 0, told
    by_engine.databases[lost].wait_healthy(print)
    until(lambda: has(by_engine.databases[lost], table), "rows are lost", seconds=60)
    assert by_engine.writer == other(lost)
    for stack in EVERY:
        assert by_engine.changes(stack) == {}, stack


def _running(database: Database) -> int:
    """How many instances have their pod running, whether PostgreSQL runs in it or not."""
    said = database.cluster.kubectl(
        "get", "pods", "-n", NAMESPACE, "--field-selector=status.phase=Running", "-o", "name"
    )
    return sum(line.removeprefix("pod/") in database.pods for line in said.split())
