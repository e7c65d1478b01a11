"""A guard's life, step by step: what it reads, what it loads, what it states, in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from operations.epoch import EpochRecord
from operations.guard.cluster import Cluster
from operations.guard.decide import Found, Order
from operations.guard.look import Place
from operations.guard.loop import Guard
from operations.guard.memory import Memory
from tests.operations.epoch.records import record
from tests.operations.guard.store import KeptStore

TTL = 20.0
OURS, THEIRS = record(1, "eu"), record(2, "in", change="failover")


class Bench:
    """A guard of Europe with a clock that stands until the test moves it. `kernel` is what was loaded last; it shuts
    by itself when its time is over."""

    def __init__(self, folder: Path, written: EpochRecord | None = OURS, **place: Any) -> None:
        self.folder, self.store, self.now = folder, KeptStore(written), 1000.0
        told: dict[str, Any] = {"region": "eu", "node": "eu-1", "isolation": "fence", "ttl": TTL} | place
        self.place = Place(**told)
        self.cluster: Cluster | OSError = Cluster(follows=False, instances=frozenset({"10.42.0.10"}))
        self._order, self._until = Order(barrier="closed", why="booted"), float("inf")
        self.loads: list[str] = []
        self.said: list[str] = []
        self.restart()

    def restart(self) -> None:
        """Another process on the same boot."""
        memory = Memory(self.folder / "turn.json")
        self.guard = Guard(self.place, self.store, self, self, memory, self.said.append, lambda: self.now)

    def boot(self) -> None:
        self._order = Order(barrier="closed", why="booted")
        self.restart()

    def turn(self, seconds: float = 0) -> str:
        """Both threads' turns after that many seconds, and what the barrier is then."""
        self.now += seconds
        self.guard.look()
        self.guard.act()
        return self.kernel

    @property
    def kernel(self) -> str:
        return "closed" if self.now >= self._until else self._order.barrier

    def read(self) -> Cluster:
        if isinstance(self.cluster, OSError):
            raise self.cluster
        return self.cluster

    def found(self) -> Found:
        return Found(barrier=self._order.barrier if self.kernel != "closed" else "closed", endless=self._endless)

    def load(self, order: Order, instances: frozenset[str]) -> None:
        self._order, self.loads = order, [*self.loads, order.barrier]
        self._until = float("inf") if order.seconds is None else self.now + order.seconds

    def remove(self) -> None:
        self.loads.append("none")

    @property
    def _endless(self) -> bool:
        return self._until == float("inf")


@pytest.fixture(params=["fence", "continue"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(tmp_path, isolation=request.param)


def test_it_opens_when_it_has_read_that_it_is_this_regions_turn(bench: Bench) -> None:
    assert bench.kernel == "closed"
    assert bench.turn() == "open"


def test_it_closes_when_the_turn_is_anothers_and_says_so_afterwards(bench: Bench) -> None:
    bench.turn()
    bench.store.record = THEIRS
    assert bench.turn(2) == "closed"
    bench.turn(2)
    said = bench.store.said["eu-1"]
    assert (said.epoch, said.barrier) == (2, "closed")


def test_it_never_says_that_it_is_closed_before_it_is(bench: Bench) -> None:
    bench.turn()
    bench.store.record = THEIRS
    bench.now += 2
    bench.guard.look()
    assert bench.kernel == "open"
    assert "eu-1" not in bench.store.said or bench.store.said["eu-1"].barrier == "open"


def test_after_a_boot_it_is_closed_until_it_has_read(bench: Bench) -> None:
    bench.turn()
    bench.store.silent = True
    bench.boot()
    assert bench.turn(2) == "closed"
    bench.store.silent = False
    assert bench.turn(2) == "open"


def test_a_region_that_returns_after_a_failover_stays_closed(bench: Bench) -> None:
    bench.turn()
    bench.boot()
    bench.store.record = THEIRS
    for seconds in (0, 2, 600):
        assert bench.turn(seconds) == "closed"


def test_an_epoch_older_than_one_that_was_seen_opens_nothing(bench: Bench) -> None:
    bench.store.record = THEIRS
    bench.turn()
    bench.boot()
    bench.store.record = OURS
    assert bench.turn(2) == "closed"
    assert any("not believed" in text for text in bench.said)


def test_a_lost_record_opens_nothing_and_closes_nothing_that_may_go_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, isolation="continue")
    bench.turn()
    bench.store.record = None
    assert bench.turn(2) == "open"
    bench.boot()
    assert bench.turn(2) == "closed"


def test_the_founding_region_makes_the_first_record_and_opens_by_reading_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, written=None, founds=True)
    assert bench.turn() == "closed"
    assert bench.turn(2) == "open"
    assert bench.store.record is not None
    assert (bench.store.record.epoch, bench.store.record.primary) == (1, "eu")


def test_a_region_that_ever_read_a_record_founds_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path, founds=True)
    bench.turn()
    bench.store.record = None
    bench.boot()
    assert bench.turn(2) == "closed"
    assert bench.store.record is None


def test_with_fence_it_closes_when_its_time_is_over_and_opens_when_the_record_is_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.turn()
    bench.store.silent = True
    assert bench.turn(TTL - 1) == "open"
    assert bench.turn(1) == "closed"
    assert bench.turn(600) == "closed"
    bench.store.silent = False
    assert bench.turn(2) == "open"


def test_with_fence_the_kernel_closes_without_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.turn()
    bench.now += TTL
    assert bench.kernel == "closed"


def test_with_fence_a_lease_follows_a_statement_and_ends_counted_from_before_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.turn()
    assert bench.store.log == ["read", "state", "read"]
    bench.store.log.clear()
    for _ in range(5):
        bench.turn(2)
    assert bench.store.log == ["read", "read", "state", "read", "read", "read"]


def test_with_fence_reads_alone_do_not_hold_the_lease(tmp_path: Path) -> None:
    """A store that gives and does not take: the claimer would know nothing of such a lease."""
    bench = Bench(tmp_path)
    bench.turn()
    bench.store.full = True
    for _ in range(10):
        bench.turn(2)
    assert bench.kernel == "closed"


def test_with_continue_it_goes_on_without_the_record_for_as_long_as_it_takes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, isolation="continue")
    bench.turn()
    bench.store.silent = True
    for seconds in (2, 60, 86400):
        assert bench.turn(seconds) == "open"
    bench.restart()
    assert bench.turn(2) == "open"


def test_from_continue_to_fence_without_the_record_nothing_stays_open_without_an_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, isolation="continue")
    bench.turn()
    bench.store.silent = True
    bench.place = Place(region="eu", node="eu-1", isolation="fence", ttl=TTL)
    bench.restart()
    assert bench.turn(2) == "closed"


def test_a_cluster_that_follows_serves_readers_with_or_without_the_record(bench: Bench) -> None:
    bench.store.record = THEIRS
    bench.cluster = Cluster(follows=True, instances=frozenset())
    assert bench.turn() == "reading"
    bench.store.silent = True
    assert bench.turn(600) == "reading"
    bench.cluster = OSError("the API hangs")
    assert bench.turn(600) == "reading"
    bench.boot()
    bench.cluster = Cluster(follows=True, instances=frozenset())
    assert bench.turn() == "reading"


def test_a_copy_that_is_made_a_primary_past_the_record_is_closed(bench: Bench) -> None:
    bench.store.record = THEIRS
    bench.cluster = Cluster(follows=True, instances=frozenset())
    bench.turn()
    bench.cluster = Cluster(follows=False, instances=frozenset())
    assert bench.turn(1) == "closed"


def test_a_copy_that_is_made_a_primary_by_the_record_serves_without_a_break(bench: Bench) -> None:
    bench.store.record = THEIRS
    bench.cluster = Cluster(follows=True, instances=frozenset())
    bench.turn()
    bench.loads.clear()
    bench.store.record = record(3, "eu")
    bench.cluster = Cluster(follows=False, instances=frozenset())
    assert bench.turn(1) == "open"
    assert "closed" not in bench.loads


def test_while_the_api_does_not_tell_a_region_that_has_another_before_it_is_closed(bench: Bench) -> None:
    bench.store.record = THEIRS
    bench.cluster = OSError("refused")
    assert bench.turn() == "closed"


def test_new_instances_are_let_to_each_other_at_once(bench: Bench) -> None:
    bench.store.record = THEIRS
    bench.turn()
    loads = len(bench.loads)
    bench.cluster = Cluster(follows=False, instances=frozenset({"10.42.0.10", "10.42.1.7"}))
    bench.turn(1)
    assert len(bench.loads) == loads + 1


def test_a_guard_that_is_told_to_go_loads_nothing_any_more(bench: Bench, tmp_path: Path) -> None:
    bench.place = replace(bench.place, off=tmp_path / "off")
    bench.restart()
    bench.turn()
    (tmp_path / "off").touch()
    bench.loads.clear()
    for seconds in (2, 60):
        bench.turn(seconds)
    assert set(bench.loads) == {"none"}


def test_nothing_is_said_twice(bench: Bench) -> None:
    for _ in range(5):
        bench.turn(2)
    assert len(bench.said) == len(set(bench.said))


def test_a_memory_that_cannot_be_read_closes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, isolation="continue")
    bench.turn()
    (tmp_path / "turn.json").write_text("{")
    bench.store.silent = True
    bench.restart()
    assert bench.turn(2) == "closed"
    bench.store.silent = False
    assert bench.turn(2) == "open"
