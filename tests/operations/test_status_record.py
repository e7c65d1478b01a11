"""What `openova status` makes of the record and of the guards' statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from operations.epoch import EpochRecord, Stated, Statement, Unreachable, Versioned
from operations.findings.model import Check
from operations.status.record import judge_record
from settings.loader import load_project
from settings.platform import Platform
from tests.projects import ROOT

NOW = datetime.now(UTC)


class Store:
    """What was written stays as it is."""

    def __init__(self, epoch: int | None = 1, *, silent: bool = False) -> None:
        self.epoch, self.silent = epoch, silent
        self.stated = {code: [says(code, number) for number in (1, 2, 3)] for code in ("eu", "in")}

    def read(self) -> Versioned | None:
        if self.silent:
            raise Unreachable("no answer within 3 s")
        if self.epoch is None:
            return None
        later = {"previous": "in", "change": "failover"} if self.epoch > 1 else {}
        record = EpochRecord.model_validate({"epoch": self.epoch, "primary": "eu", "at": NOW, **later})
        return Versioned(record=record, version="1", stored=NOW)

    def write(self, record: EpochRecord, expected: Versioned | None) -> str:
        raise AssertionError("status writes nothing")

    def state(self, statement: Statement) -> None:
        raise AssertionError("status states nothing")

    def statements(self, region: str) -> Sequence[Stated]:
        return self.stated[region]


def says(code: str, number: int, barrier: str = "", age: float = 1) -> Stated:
    told = {"region": code, "node": f"contabo-{code}-{number}", "epoch": 1, "isolation": "fence", "ttl": 20, "at": NOW}
    told["barrier"] = barrier or ("open" if code == "eu" else "reading")
    return Stated(statement=Statement.model_validate(told), stored=datetime.now(UTC) - timedelta(seconds=age))


@pytest.fixture(scope="module")
def platform() -> Platform:
    return load_project(ROOT).platform


def judged(platform: Platform, store: Store) -> dict[tuple[str, str], Check]:
    return {(check.where, check.name): check for check in judge_record(platform, store)}


def test_without_a_guard_nothing_is_said(platform: Platform) -> None:
    assert not list(judge_record(platform, None))


def test_all_is_well_where_every_node_does_what_the_record_says(platform: Platform) -> None:
    assert {check.status for check in judged(platform, Store()).values()} == {"ok"}


def test_a_node_without_a_lease_speaks_less_often_and_is_not_late_for_that(platform: Platform) -> None:
    store = Store()
    store.stated["in"] = [says("in", number, age=age) for number, age in ((1, 1), (2, 59), (3, 100))]
    assert judged(platform, store)["in", "barrier"].status == "ok"
    store.stated["in"] = [says("in", 1), says("in", 2), says("in", 3, age=130)]
    assert judged(platform, store)["in", "barrier"].status == "warn"


@pytest.mark.parametrize("epoch", [None, 2])
def test_a_record_that_the_settings_do_not_know_is_told(platform: Platform, epoch: int | None) -> None:
    assert judged(platform, Store(epoch))["platform", "record"].status == "fail"


def test_a_store_that_does_not_answer_is_told_alone(platform: Platform) -> None:
    assert [check.status for check in judged(platform, Store(silent=True)).values()] == ["fail"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ([says("eu", 1), says("eu", 2)], "fail"),
        ([says("eu", 1), says("eu", 2), says("eu", 3, "closed")], "fail"),
        ([says("eu", 1), says("eu", 2), says("eu", 3, age=60)], "warn"),
        ([says("eu", 1), says("eu", 2, "closed"), says("eu", 3, age=60)], "fail"),
    ],
)
def test_a_node_that_is_shut_or_silent_is_told(platform: Platform, changed: list[Stated], status: str) -> None:
    store = Store()
    store.stated["eu"] = changed
    assert judged(platform, store)["eu", "barrier"].status == status
