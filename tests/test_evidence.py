"""The committed evidence: what the drill wrote, whole, and with the pictures that belong to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from operations.drill.catalogue import SCENARIOS
from operations.drill.picture import picture
from tests.projects import ROOT

FILES = sorted((ROOT / "docs" / "evidence").glob("*.json"))
evidence = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def told(file: Path) -> dict[str, Any]:
    """One drill."""
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_last_set_has_ten_drills_or_more_and_every_scenario() -> None:
    if not FILES:
        pytest.skip("no drill is committed yet (openova drill --out docs/evidence)")
    fenced = [told(file) for file in FILES if told(file)["mode"] == "fence"]
    assert len(fenced) >= 10
    assert {each["scenario"] for each in fenced} == {scenario.name for scenario in SCENARIOS}


@evidence
def test_what_is_said_to_have_passed_has_met_every_goal(file: Path) -> None:
    drill = told(file)
    assert drill["passed"] == all(goal["met"] for goal in drill["goals"])
    for goal in drill["goals"]:
        if goal["limit"] is not None:
            assert goal["met"] == (goal["value"] is not None and goal["value"] <= goal["limit"])


@evidence
def test_with_a_fence_no_drill_shows_two_writers(file: Path) -> None:
    drill = told(file)
    if drill["mode"] == "fence":
        assert drill["figures"]["bothWroteSeconds"] == 0
        assert drill["figures"]["doublyWrittenRows"] == 0


@evidence
def test_the_picture_is_drawn_from_the_numbers(file: Path) -> None:
    drawn = file.with_suffix(".svg").read_text()
    assert drawn == picture(told(file))
    ElementTree.fromstring(drawn)  # noqa: S314 our own file


@evidence
def test_the_series_add_up_to_the_rows(file: Path) -> None:
    drill = told(file)
    drawn = sum(map(sum, drill["series"]["writes"].values()))
    assert drawn <= drill["figures"]["acknowledged"]
    assert drawn >= 0.8 * drill["figures"]["acknowledged"]
