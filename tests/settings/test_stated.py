"""The addresses that other stacks' files state."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings.loader import inspect_project
from settings.platform import Platform
from settings.project import read_project
from settings.stated import stated_addresses
from tests.projects import copy_project, edit, remove


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    loaded = inspect_project(read_project(copy_project(tmp_path))).platform
    assert loaded is not None
    return loaded


def test_a_file_states_the_addresses_of_servers_that_are_there(tmp_path: Path, platform: Platform) -> None:
    remove(tmp_path / "Pulumi.eu.yaml", "config.openova:nodes.contabo-eu-2.address")
    edit(tmp_path / "Pulumi.eu.yaml", "config.openova:nodes.contabo-eu-2.provisioning", "order")
    assert stated_addresses(tmp_path, platform) == {
        "eu": {"contabo-eu-1": "203.0.113.11", "contabo-eu-3": "203.0.113.13"},
        "in": {f"contabo-in-{number}": f"198.51.100.1{number}" for number in (1, 2, 3)},
    }


def test_a_file_that_is_missing_or_wrong_states_nothing(tmp_path: Path, platform: Platform) -> None:
    (tmp_path / "Pulumi.eu.yaml").write_text("config: [")
    (tmp_path / "Pulumi.in.yaml").unlink()
    assert stated_addresses(tmp_path, platform) == {"eu": {}, "in": {}}
