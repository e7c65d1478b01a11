"""The operator's commands with the engine, running PostgreSQL and an edge, all at one time."""

from __future__ import annotations

import pytest

from lab.kubernetes import RefusedError
from lab.postgres import Database, until
from lab.road import Traffic
from tests.planning import ROOT
from tests.two_regions_by_engine.conftest import EVERY, ByEngine

pytestmark = [pytest.mark.lab, pytest.mark.regions, pytest.mark.engine]

# The lab's own images have no digests, and policies want them.
AGREED = ("--yes", "--no-policies")


def other(code: str) -> str:
    """The region that is not this one."""
    return "in" if code == "eu" else "eu"


def answers(database: Database) -> bool:
    """Whether PostgreSQL can be asked at all."""
    try:
        return bool(database.state())
    except RefusedError:
        return False


def test_the_command_moves_the_writes_and_brings_every_stack_up_to_it(by_engine: ByEngine, edge: None) -> None:
    old = by_engine.writer
    by_engine.databases[old].sql("create table moved as select generate_series(1, 1000) as id")
    code, told = by_engine.openova("switchover", f"--to={other(old)}", *AGREED)
    assert code == 0
    assert "The stacks are brought up to it" in told
    assert by_engine.writer == other(old)
    assert by_engine.databases[other(old)].sql("select count(*) from moved") == "1000"
    by_engine.databases[old].wait_healthy(print)
    for stack in EVERY:
        assert by_engine.changes(stack) == {}, stack


def test_after_the_loss_of_the_writer_the_other_region_writes_and_the_lost_one_comes_back_as_a_copy(
    by_engine: ByEngine, edge: None
) -> None:
    lost = by_engine.writer
    survivor = by_engine.databases[other(lost)]
    by_engine.databases[lost].sql("create table before_it as select generate_series(1, 1000) as id")
    until(lambda: survivor.sql("select to_regclass('before_it') is not null") == "t", "no copy", seconds=60)
    hosts = [host for host in by_engine.lab.hosts.values() if host.region.code == lost]
    for host in hosts:
        host.cut_power()
    until(lambda: survivor.state()["source"] is None, "it still streams", seconds=120)
    code, told = by_engine.openova("failover", f"--to={other(lost)}", *AGREED)
    assert survivor.writes(), told
    assert survivor.sql("select count(*) from before_it") == "1000"
    assert by_engine.changes(other(lost)) == {}

    by_engine.lab.begin(ROOT, print, Traffic())
    until(lambda: answers(by_engine.databases[lost]), "the lost region does not answer", seconds=300)
    code, told = by_engine.openova("rejoin", f"--region={lost}", *AGREED)
    assert code == 0
    by_engine.databases[lost].wait_healthy(print)
    assert by_engine.databases[lost].sql("select count(*) from before_it") == "1000"
    assert by_engine.writer == other(lost)
    for stack in EVERY:
        assert by_engine.changes(stack) == {}, stack
