"""The same two regions by Pulumi's own engine: up, nothing to do, no drift, and a real demotion token."""

from __future__ import annotations

import time

import pytest

from lab import engine
from lab.postgres import until
from lab.project import set_authority
from tests.two_regions_by_engine.conftest import ByEngine

pytestmark = [pytest.mark.lab, pytest.mark.regions, pytest.mark.engine]


def test_a_second_run_has_nothing_to_do_nor_has_one_after_a_look_at_what_is_there(by_engine: ByEngine) -> None:
    for stacks in (engine.REGION_STACKS, ["eu"], ["in"]):
        begun = time.monotonic()
        by_engine.engine.up(print, stacks)
        print(f"openova up of {' and '.join(stacks)}: {time.monotonic() - begun:.1f} s")
    for stack in engine.STACKS:
        assert by_engine.changes(stack) == {}, stack
        assert by_engine.changes(stack, "--refresh") == {}, stack


def test_one_run_brings_the_token_of_the_epoch_and_the_next_one_promotes(by_engine: ByEngine) -> None:
    lab, europe, india = by_engine.lab, by_engine.databases["eu"], by_engine.databases["in"]
    europe.sql("create table kept as select generate_series(1, 1000) as id")
    set_authority(lab.project, {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"}, {})
    by_engine.engine.up(print, ["eu"])
    handover = by_engine.outputs("eu")["handover"]
    assert handover["epoch"] == 2
    assert handover["token"] == europe.resource["status"]["demotionToken"]
    by_engine.engine.up(print, ["in"])
    until(india.writes, "India does not write", seconds=120)
    assert india.resource["status"]["lastPromotionToken"] == handover["token"]
    assert india.sql("select count(*) from kept") == "1000"
    europe.wait_healthy(print)
    for stack in ("eu", "in"):
        assert by_engine.changes(stack) == {}, stack
