"""The edit of the record in Pulumi.yaml: nothing else in the file changes."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from operations.authority.edit import set_record
from settings.project import read_yaml
from tests.projects import copy_project, problems

LOST_EUROPE = {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


def changed(root: Path, before: str) -> list[str]:
    after = (root / "Pulumi.yaml").read_text()
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_a_switchover_changes_one_line(root: Path) -> None:
    before = (root / "Pulumi.yaml").read_text()
    set_record(root, {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"})
    assert changed(root, before) == [
        "-    value: {primary: eu, epoch: 1}",
        "+    value: {primary: in, epoch: 2, previous: eu, change: switchover}",
    ]
    assert problems(root) == ()


def test_a_failover_discards_the_lost_copy_and_takes_the_region_out_of_traffic(root: Path) -> None:
    before = (root / "Pulumi.yaml").read_text()
    set_record(root, LOST_EUROPE, copies={"eu": {"generation": 2, "cloneFrom": "in"}}, drained=("eu",))
    assert len(changed(root, before)) == 6
    assert read_yaml(root / "Pulumi.yaml")["config"]["edge"]["value"]["drained"] == ["eu"]
    assert problems(root) == ()


def test_every_comment_and_the_form_of_the_file_stay(root: Path) -> None:
    file = root / "Pulumi.yaml"
    before = file.read_text()
    set_record(root, LOST_EUROPE, copies={"eu": {"generation": 2, "cloneFrom": "in"}})
    set_record(root, {"primary": "eu", "epoch": 1})
    comments = [line for line in before.splitlines() if line.strip().startswith("#")]
    assert [line for line in file.read_text().splitlines() if line.strip().startswith("#")] == comments


def test_nothing_is_left_half_written(root: Path) -> None:
    set_record(root, LOST_EUROPE)
    assert sorted(path.name for path in root.iterdir() if path.name.startswith(".")) == []
