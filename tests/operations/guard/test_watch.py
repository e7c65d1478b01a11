"""What the watch of a region tells Prometheus, and which alerts follow from it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.observability.guard_alerts import SILENT_SECONDS, WatchedGuard, guard_rules
from lab.s3 import S3Server
from operations.epoch import EpochRecord, Stated, Statement
from operations.epoch.s3 import S3EpochStore
from operations.guard.watch import STUCK_SECONDS, View, Watch, metrics, serve, view_of
from tests.operations.epoch.conftest import bucket_of, server
from tests.operations.epoch.records import record, statement
from tests.operations.guard.store import KeptStore
from tests.projects import ROOT
from tests.promtool import firing

__all__ = ["server"]

NODES = ("contabo-eu-1", "contabo-eu-2", "contabo-eu-3")
EUROPE = WatchedGuard(code="eu", namespace="openova-guard", ttl=20, leased=True)
NOW = 1_800_000_000.0


def stated(node: str, barrier: str = "open", age: float = 3.0, epoch: int = 1) -> Stated:
    said = statement(region="eu", node=node, barrier=barrier, epoch=epoch)
    return Stated(statement=said, stored=datetime.fromtimestamp(NOW - age, UTC))


def told(*statements: Stated, of: EpochRecord | None = None) -> dict[str, str]:
    """The samples of a look, by their series."""
    text = metrics("eu", view_of(of or record(1, "eu"), statements, NODES, NOW))
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_it_tells_the_record_and_every_nodes_barrier_and_age() -> None:
    found = told(*(stated(node) for node in NODES))
    assert found['openova_guard_writer{code="eu"}'] == "1"
    assert found['openova_guard_epoch{code="eu"}'] == "1"
    assert found['openova_guard_store_read_timestamp_seconds{code="eu"}'] == "1800000000"
    for node in NODES:
        assert found[f'openova_guard_statement_age_seconds{{code="eu",node="{node}"}}'] == "3"
        assert found[f'openova_guard_barrier{{code="eu",node="{node}",barrier="open"}}'] == "1"
        assert found[f'openova_guard_barrier{{code="eu",node="{node}",barrier="closed"}}'] == "0"


def test_a_node_that_never_stated_is_infinitely_old_and_one_that_is_gone_for_good_is_not_told() -> None:
    found = told(stated("contabo-eu-1"), stated("contabo-eu-9"))
    assert found['openova_guard_statement_age_seconds{code="eu",node="contabo-eu-2"}'] == "+Inf"
    assert not any("contabo-eu-9" in series for series in found)


def test_without_the_store_what_was_seen_stays_and_its_time_is_told() -> None:
    store, clock = KeptStore(record(1, "eu")), [NOW]
    store.state(Statement.model_validate(stated(NODES[0]).statement))
    watch = Watch("eu", NODES, store, lambda: clock[0])
    assert watch.view == View()
    watch.look()
    seen = watch.view
    store.silent = True
    clock[0] += 600
    watch.look()
    assert watch.view == seen
    assert watch.turns


@contextmanager
def served(watch: Watch) -> Iterator[Callable[[str], tuple[int, str, str]]]:
    """What it answers to a path: status, content type, body."""
    running = serve(watch, 0)

    def ask(path: str) -> tuple[int, str, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", running.server_address[1], timeout=10)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()

    try:
        yield ask
    finally:
        running.shutdown()
        running.server_close()


def test_one_that_no_longer_looks_is_not_well() -> None:
    clock = [NOW]
    watch = Watch("eu", NODES, KeptStore(record(1, "eu")), lambda: clock[0])
    watch.look()
    with served(watch) as ask:
        assert ask("/health")[0] == 200
        clock[0] += STUCK_SECONDS
        assert ask("/health")[0] == 503
        assert ask("/metrics")[0] == 200
        assert ask("/other")[0] == 404


@pytest.mark.lab
def test_on_a_real_store_it_answers_a_scrape(server: S3Server) -> None:
    store = S3EpochStore(bucket_of(server, prefix="watched"))
    store.write(record(1, "eu"), None)
    store.state(statement(region="eu", node=NODES[0], barrier="open"))
    watch = Watch("eu", NODES, store)
    watch.look()
    with served(watch) as ask:
        status, kind, text = ask("/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert 'openova_guard_barrier{code="eu",node="contabo-eu-1",barrier="open"} 1\n' in text
    age = float(text.partition('statement_age_seconds{code="eu",node="contabo-eu-1"} ')[2].partition("\n")[0])
    assert age < SILENT_SECONDS


def test_told_wrongly_it_ends_and_says_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "operations.guard.watch"],
        cwd=ROOT, env={"PATH": os.environ["PATH"], "GUARD_REGION": "eu"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "GUARD_NODES, GUARD_BUCKET, GUARD_ENDPOINT is missing" in done.stderr


def series(view: View, *, read_ago: float = 10.0) -> dict[str, str]:
    """A state that lasts, as promtool takes it; its clock begins at 0."""
    found: dict[str, str] = {}
    for line in metrics("eu", view).splitlines():
        if line.startswith("#"):
            continue
        name, value = line.replace("+Inf", "1e12").rsplit(" ", 1)  # promtool's notation has no infinity
        found[name] = f"{-read_ago}+60x30" if "store_read_timestamp" in name else f"{value}x30"
    return found


WELL = [stated(node) for node in NODES]
THEIRS = record(2, "in", change="failover")


@pytest.mark.parametrize(
    ("of", "statements", "expected"),
    [
        pytest.param(record(1, "eu"), WELL, set(), id="all is well in the writing region"),
        pytest.param(THEIRS, [stated(node, "reading", 59, 2) for node in NODES], set(), id="and in the other one"),
        pytest.param(THEIRS, [stated(node, "closed", 59, 2) for node in NODES], set(), id="a lost region, shut"),
        pytest.param(record(1, "eu"), [*WELL[:2], stated(NODES[2], "closed")], {"GuardBarrierShut"}, id="a node shut"),
        pytest.param(
            record(1, "eu"), [*WELL[:2], stated(NODES[2], age=25)], {"GuardLeaseNotRenewed"}, id="a lease not renewed"
        ),
        pytest.param(record(1, "eu"), WELL[:2], {"GuardLeaseNotRenewed", "GuardSilent"}, id="a node that never stated"),
        pytest.param(
            THEIRS, [stated(NODES[0], "reading", 200, 2), *(stated(node, "reading", 59, 2) for node in NODES[1:])],
            {"GuardSilent"}, id="a guard of the other region is gone",
        ),
        pytest.param(
            THEIRS, [stated(node, "open", 59, 2) for node in NODES], {"GuardBarrierOpen"}, id="open against the record"
        ),
    ],
)  # fmt: skip
def test_prometheus_fires_exactly_the_alerts_that_the_guards_state_deserves(
    tmp_path: Path, of: EpochRecord, statements: list[Stated], expected: set[str]
) -> None:
    firing(tmp_path, guard_rules(EUROPE), series(view_of(of, statements, NODES, NOW)), expected)


def test_prometheus_tells_a_store_out_of_reach_and_a_watch_that_is_gone(tmp_path: Path) -> None:
    view = view_of(record(1, "eu"), WELL, NODES, NOW)
    firing(tmp_path, guard_rules(EUROPE), series(view, read_ago=300), {"GuardRecordOutOfReach"})
    firing(tmp_path, guard_rules(EUROPE), {'up{job="other"}': "1x30"}, {"GuardWatchAbsent"})


def test_without_a_lease_nothing_is_said_of_leases() -> None:
    names = {rule["alert"] for rule in guard_rules(EUROPE)}
    without = {rule["alert"] for rule in guard_rules(WatchedGuard(code="eu", namespace="n", ttl=20, leased=False))}
    assert names - without == {"GuardLeaseNotRenewed"}


def test_the_series_of_the_rules_are_those_that_the_watch_has() -> None:
    told_of = set(metrics("eu", view_of(record(1, "eu"), WELL, NODES, time.time())).split())
    for rule in guard_rules(EUROPE):
        for word in rule["expr"].replace("(", " ").replace("{", " ").split():
            if word.startswith("openova_guard_"):
                assert word in told_of
