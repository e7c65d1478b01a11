"""The end of two regions: what is protected stays and says so, and then nothing is left."""

from __future__ import annotations

import pytest

from tests.projects import edit
from tests.two_regions_by_engine.conftest import EVERY, ByEngine

pytestmark = [pytest.mark.lab, pytest.mark.regions, pytest.mark.engine]


def protect_only(by_engine: ByEngine, *protected: str) -> None:
    """What holds data in other stacks may be destroyed, carried out."""
    for stack in EVERY:
        edit(by_engine.lab.project / f"Pulumi.{stack}.yaml", "config.openova:protect", stack in protected)
    by_engine.engine.up(print, EVERY)


def test_what_is_protected_keeps_everything_and_where_it_is_excluded_itself(by_engine: ByEngine, edge: None) -> None:
    protect_only(by_engine, "eu")
    before = {stack: by_engine.resources(stack) for stack in EVERY}
    code, told = by_engine.openova("destroy", "--yes")
    assert code == 1
    assert "eu-postgres-cluster" in told
    assert "so nothing was destroyed" in told
    assert {stack: by_engine.resources(stack) for stack in EVERY} == before

    code, told = by_engine.openova("destroy", "--yes", "--exclude-protected")
    assert code == 0
    assert "eu-postgres-cluster" in by_engine.resources("eu") < before["eu"]
    assert by_engine.resources("in") == by_engine.resources("global") == set()
    assert by_engine.resources("shared") == before["shared"], "the keys stay as long as a database does"
    assert by_engine.databases["eu"].sql("select 1") == "1", "what was protected still runs"


def test_the_next_up_makes_the_rest_again_and_a_destroy_without_protection_leaves_nothing(
    by_engine: ByEngine, edge: None
) -> None:
    protect_only(by_engine)
    code, _ = by_engine.openova("destroy", "--yes")
    assert code == 0
    assert {stack: by_engine.resources(stack) for stack in EVERY} == {stack: set() for stack in EVERY}
