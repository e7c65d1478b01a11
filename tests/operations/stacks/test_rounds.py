"""Who has to be brought up once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from operations.plan.check import checked
from operations.stacks.rounds import Read
from settings.platform import Platform
from settings.project import read_project
from tests.projects import copy_project

NEW: dict[str, Any] = {"addresses": {"n-1": "192.0.2.1"}}
OTHER: dict[str, Any] = {"addresses": {"n-1": "192.0.2.2"}}


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return checked(read_project(copy_project(tmp_path))).platform


def test_who_began_before_another_gave_its_addresses_is_outdated(platform: Platform) -> None:
    read = Read(platform, {"eu": {}, "in": {}}, {})
    for code in ("eu", "in"):
        read.begins(code)
        read.ends(code, NEW)
    read.begins("global")
    assert read.outdated(["eu", "in", "global"]) == ["eu"]
    read.begins("eu")
    read.ends("eu", NEW)
    assert read.outdated(["eu", "in", "global"]) == []


def test_nobody_is_outdated_where_addresses_stay(platform: Platform) -> None:
    read = Read(platform, {"eu": NEW, "in": NEW}, {})
    for code in ("eu", "in"):
        read.begins(code)
        read.ends(code, NEW)
    assert read.outdated(["eu", "in"]) == []
    assert read.others(["eu"], ["eu", "in", "global"]) == []


def test_nobody_is_outdated_whose_settings_had_told_the_addresses(platform: Platform) -> None:
    read = Read(platform, {"eu": {}, "in": {}}, {"eu": NEW["addresses"], "in": OTHER["addresses"]})
    for code in ("eu", "in"):
        read.begins(code)
    read.ends("eu", NEW)
    read.ends("in", OTHER)
    assert read.outdated(["eu", "in"]) == []


def test_who_was_not_chosen_is_named(platform: Platform) -> None:
    read = Read(platform, {"eu": NEW, "in": NEW}, {})
    read.begins("in")
    read.ends("in", OTHER)
    assert read.others(["in"], ["eu", "in", "global"]) == ["eu", "global"]
    assert read.others(["in"], ["in"]) == [], "what was never brought up reads them when it is"
