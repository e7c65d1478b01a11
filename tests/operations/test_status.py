"""What `openova status` makes of the answers of databases."""

from __future__ import annotations

from typing import Any

import pytest

from operations.findings.model import Check
from operations.status.databases import Seen
from operations.status.judge import judge, rows
from settings.loader import load_project
from settings.platform import Platform
from tests.projects import ROOT


@pytest.fixture(scope="module")
def platform() -> Platform:
    return load_project(ROOT).platform


def region(code: str, *, primary: str = "postgresql", ready: int = 3, **state: Any) -> Seen:
    known = {
        "writes": code == "eu", "system": "7", "timeline": 1, "position": 5000, "source": None, "heard": None,
        "applied": None, "followers": [],
    }  # fmt: skip
    resource = {
        "spec": {"instances": 3, "replica": {"primary": primary}},
        "status": {"readyInstances": ready, "currentPrimary": f"{code}-1"},
    }
    return Seen(code, resource=resource, state=known | state)


def silent(code: str) -> Seen:
    return Seen(code, silence=f"{code}: no answer within 8 s")


EUROPE = region("eu")
INDIA = region("in", source="pg-europe.openova.io", heard=0.2, position=4000)


def judged(platform: Platform, *seen: Seen) -> dict[tuple[str, str], Check]:
    return {(check.where, check.name): check for check in judge(platform, seen)}


def test_all_is_well_where_the_follower_streams(platform: Platform) -> None:
    checks = judged(platform, EUROPE, INDIA)
    assert {check.status for check in checks.values() if check.name != "backup"} == {"ok"}
    assert "1,000 bytes behind" in checks["in", "follows"].seen


def test_a_follower_that_a_healthy_operator_calls_healthy_may_have_diverged(platform: Platform) -> None:
    different: list[dict[str, Any]] = [{"position": 6000}, {"timeline": 2}, {"system": "8"}]
    for changed in different:
        lone = region("in", source=None, **changed)
        assert judged(platform, EUROPE, lone)["in", "follows"].seen.startswith("diverged"), changed


def test_a_follower_that_streams_may_be_ahead_for_the_moment_between_two_questions(platform: Platform) -> None:
    ahead = region("in", source="pg-europe.openova.io", heard=0.1, position=5001)
    assert judged(platform, EUROPE, ahead)["in", "follows"].status == "ok"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"source": None}, "fail"),
        ({"source": "pg-asia.openova.io"}, "fail"),
        ({"heard": 11.0}, "fail"),
        ({"position": 5000 - 65 * 1024 * 1024}, "warn"),
    ],
)
def test_a_follower_that_does_not_keep_up_is_told(platform: Platform, changed: dict[str, Any], status: str) -> None:
    base: dict[str, Any] = {"source": "pg-europe.openova.io", "heard": 0.2, "position": 4000}
    assert judged(platform, EUROPE, region("in", **(base | changed)))["in", "follows"].status == status


def test_two_writers_are_the_worst_that_there_is(platform: Platform) -> None:
    checks = judged(platform, EUROPE, region("in", writes=True, primary="postgresql-replica"))
    assert checks["platform", "writer"].status == "fail"
    assert checks["platform", "writer"].seen == "eu, in"


def test_a_writer_that_the_settings_do_not_name_is_told(platform: Platform) -> None:
    checks = judged(platform, region("eu", writes=False), region("in", writes=True))
    assert checks["platform", "writer"].status == "fail"


def test_a_silent_region_is_neither_well_nor_called_lost(platform: Platform) -> None:
    checks = judged(platform, silent("eu"), INDIA)
    assert checks["eu", "answers"].status == "fail"
    assert checks["platform", "writer"].status == "unknown"
    assert checks["in", "follows"].status == "unknown"
    assert ("eu", "role") not in checks


def test_a_cluster_that_the_last_change_did_not_reach_is_told(platform: Platform) -> None:
    checks = judged(platform, EUROPE, region("in", primary="postgresql-replica", source="pg-europe.openova.io"))
    assert checks["in", "role"].status == "fail"
    assert "pulumi up --stack in" in checks["in", "role"].fix


def test_missing_instances_and_untested_restores_are_warned_of(platform: Platform) -> None:
    checks = judged(platform, region("eu", ready=2), INDIA)
    assert checks["eu", "answers"].status == "warn"
    assert "never tested" in checks["eu", "backup"].seen


def test_the_rows_say_what_was_asked_and_judge_nothing(platform: Platform) -> None:
    first, second = rows(platform, [EUROPE, silent("in")])
    assert (first["writes"], first["behindBytes"], first["configured"]) == (True, 0, "primary")
    assert (second["writes"], second["behindBytes"]) == (None, None)
    assert second["silence"]
