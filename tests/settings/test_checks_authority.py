"""Mistakes in the authority record: each is planted alone and must be found alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.projects import SHARED, copy_project, only_problem, problems, remove, share

RECORD = "openova:authority"
EUROPE, INDIA = "openova:regions[0].postgres", "openova:regions[1].postgres"
FOUNDERS = "openova:regions[*].postgres.cloneFrom"
TO_INDIA = {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"}
BACK_TO_EUROPE = {"primary": "eu", "previous": "in", "epoch": 3, "change": "switchover"}
EUROPE_LOST = {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"}
RECLONED = {"cluster": "postgresql", "generation": 2, "cloneFrom": "in"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


@pytest.mark.parametrize("record", [TO_INDIA, BACK_TO_EUROPE])
def test_a_switchover_is_one_edit_of_the_record(root: Path, record: dict[str, Any]) -> None:
    share(root, "authority", record)
    assert problems(root) == ()


def test_a_failover_is_one_edit_of_the_record_and_of_the_lost_regions_line(root: Path) -> None:
    share(root, "authority", EUROPE_LOST)
    share(root, "regions.0.postgres", RECLONED)
    assert problems(root) == ()


def test_after_a_failover_a_switchover_leads_back(root: Path) -> None:
    share(root, "authority", BACK_TO_EUROPE)
    share(root, "regions.0.postgres", RECLONED)
    assert problems(root) == ()


def test_the_primary_is_one_of_the_regions(root: Path) -> None:
    share(root, "authority", {"primary": "us", "epoch": 1})
    assert "'us' is not one of the regions eu, in" in only_problem(root, SHARED, f"{RECORD}.primary").rule


def test_the_previous_primary_is_one_of_the_regions(root: Path) -> None:
    share(root, "authority", TO_INDIA | {"previous": "us"})
    only_problem(root, SHARED, f"{RECORD}.previous")


@pytest.mark.parametrize(
    "record",
    [
        {"primary": "eu", "epoch": 1, "previous": "in"},
        {"primary": "eu", "epoch": 1, "change": "switchover"},
        {"primary": "eu", "epoch": 1, "previous": "in", "change": "switchover"},
        {"primary": "in", "epoch": 2},
        {"primary": "in", "epoch": 2, "previous": "eu"},
        {"primary": "in", "epoch": 2, "change": "switchover"},
    ],
)
def test_previous_and_change_stand_together_from_epoch_2_on_and_not_before(root: Path, record: dict[str, Any]) -> None:
    share(root, "authority", record)
    only_problem(root, SHARED, RECORD)


@pytest.mark.parametrize("change", ["switchover", "failover"])
def test_the_previous_primary_is_another_region(root: Path, change: str) -> None:
    share(root, "authority", {"primary": "eu", "previous": "eu", "epoch": 2, "change": change})
    only_problem(root, SHARED, f"{RECORD}.previous")


@pytest.mark.parametrize("epoch", [0, -1, 1.5, "first"])
def test_an_epoch_is_a_whole_number_from_1(root: Path, epoch: Any) -> None:
    share(root, "authority.epoch", epoch)
    only_problem(root, SHARED, f"{RECORD}.epoch")


def test_a_change_is_a_switchover_or_a_failover(root: Path) -> None:
    share(root, "authority", TO_INDIA | {"change": "failback"})
    assert "'switchover' or 'failover'" in only_problem(root, SHARED, f"{RECORD}.change").rule


def test_a_failover_discards_the_lost_regions_copy(root: Path) -> None:
    share(root, "authority", EUROPE_LOST)
    problem = only_problem(root, SHARED, f"{EUROPE}.generation")
    assert "its generation must be 2" in problem.rule
    assert "generation: 2 and cloneFrom: in" in problem.fix


def test_a_failover_does_not_take_a_generation_of_another_epoch(root: Path) -> None:
    share(root, "authority", EUROPE_LOST | {"epoch": 3})
    share(root, "regions.0.postgres", RECLONED)
    only_problem(root, SHARED, f"{EUROPE}.generation")
    share(root, "regions.0.postgres.generation", 4)
    only_problem(root, SHARED, f"{EUROPE}.generation")


def test_a_generation_is_not_ahead_of_the_epoch(root: Path) -> None:
    share(root, "regions.1.postgres.generation", 2)
    assert "ahead of the epoch 1" in only_problem(root, SHARED, f"{INDIA}.generation").rule


def test_a_new_generation_has_a_source(root: Path) -> None:
    share(root, "authority", EUROPE_LOST)
    share(root, "regions.0.postgres", {"cluster": "postgresql", "generation": 2})
    assert "Add cloneFrom: in" in only_problem(root, SHARED, f"{EUROPE}.cloneFrom").fix


@pytest.mark.parametrize(("index", "code"), [(0, "eu"), (1, "in")])
def test_a_region_is_not_cloned_from_itself(root: Path, index: int, code: str) -> None:
    share(root, f"regions.{index}.postgres.cloneFrom", code)
    only_problem(root, SHARED, f"openova:regions[{index}].postgres.cloneFrom")


def test_two_regions_do_not_both_make_the_database(root: Path) -> None:
    remove(root / SHARED, "config.regions.value.1.postgres.cloneFrom")
    problem = only_problem(root, SHARED, FOUNDERS)
    assert "eu, in would each make a database" in problem.rule
    assert "cloneFrom: eu" in problem.fix


def test_in_epoch_1_the_primary_makes_the_database(root: Path) -> None:
    share(root, "authority.primary", "in")
    assert "In epoch 1 the primary in makes the database" in only_problem(root, SHARED, FOUNDERS).rule


def test_two_regions_do_not_wait_for_each_other(root: Path) -> None:
    share(root, "regions.0.postgres.cloneFrom", "in")
    assert "waits for it" in only_problem(root, SHARED, FOUNDERS).consequence


@pytest.mark.parametrize("change", ["switchover", "failover"])
def test_the_region_that_is_to_write_keeps_its_copy(root: Path, change: str) -> None:
    share(root, "authority", TO_INDIA | {"change": change})
    share(root, "regions.1.postgres.generation", 2)
    if change == "failover":
        share(root, "regions.0.postgres", RECLONED)
    assert "discarded in the same epoch" in only_problem(root, SHARED, f"{INDIA}.generation").rule


def test_in_active_active_every_region_makes_its_own_database(root: Path) -> None:
    share(root, "phase", "active-active")
    remove(root / SHARED, "config.regions.value.1.postgres.cloneFrom")
    assert problems(root) == ()
