"""Every change of the writing region, as edits of the record and runs of the program; in this order."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from lab.apply import apply
from lab.kubernetes import RefusedError
from lab.postgres import KIND, NAMESPACE, Database, until
from lab.project import set_authority
from lab.road import Traffic
from operations.plan.worker import ProgramError
from tests.two_regions.conftest import Regions
from tests.two_regions.probes import Probe
from tests.two_regions.writer import lost, writing

pytestmark = [pytest.mark.lab, pytest.mark.regions]


def test_a_switchover_loses_nothing_and_writers_follow(regions: Regions, in_india: list[Probe]) -> None:
    lab = regions.lab
    set_authority(lab.project, {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"}, {})
    with pytest.raises(ProgramError, match="eu"):
        apply(lab, _untold, ["in"])
    with writing(in_india[1], regions.europe, "switched") as writer:
        apply(lab, _untold, ["eu"])
        assert not regions.europe.writes()
        _forged_tokens_change_nothing(regions)
        apply(lab, _untold, ["in"])
        until(regions.india.writes, "India does not write", seconds=120)
    token = regions.europe.resource["status"]["demotionToken"]
    assert regions.india.resource["status"]["lastPromotionToken"] == token
    regions.europe.wait_healthy(print)
    assert regions.europe.state()["source"] == "pg-india.openova.io"
    assert max(writer.acknowledged) > len(writer.acknowledged)  # some were refused while nobody wrote
    until(lambda: lost(writer, regions.europe) == set(), "rows are missing in Europe", seconds=60)
    assert lost(writer, regions.india) == set()


def _forged_tokens_change_nothing(regions: Regions) -> None:
    """The real token of this demotion, with another position or another database in it."""
    token = json.loads(base64.b64decode(regions.europe.resource["status"]["demotionToken"]))
    for key, value in (
        ("latestCheckpointREDOLocation", "0/1000028"),
        ("databaseSystemIdentifier", "1234567890123456789"),
    ):
        forged = base64.b64encode(json.dumps({**token, key: value}).encode()).decode()
        patch = {"spec": {"replica": {"primary": regions.india.name, "promotionToken": forged}}}
        back = {"spec": {"replica": {"primary": regions.europe.name, "promotionToken": None}}}
        try:
            _patch(regions, patch)
        except RefusedError as refusal:
            assert "promotionToken" in str(refusal)
            continue
        try:
            for _ in range(8):
                assert not any(regions.india.writes(pod) for pod in regions.india.pods), key
                time.sleep(1)
        finally:
            _patch(regions, back)


def _patch(regions: Regions, patch: dict[str, Any]) -> None:
    database = regions.india
    text = json.dumps(patch)
    database.cluster.kubectl("patch", KIND, database.name, "-n", NAMESPACE, "--type=merge", "-p", text)


def test_a_failover_needs_nothing_of_the_lost_region(regions: Regions, in_europe: list[Probe]) -> None:
    lab = regions.lab
    # A promoted cluster restarts its instances once more, the primary last: archive_mode is another one now.
    _insist(regions.india, "create table if not exists before_the_loss as select 1 as id")
    until(lambda: _has(regions, "before_the_loss"), "the row did not arrive", seconds=30)
    lab.road.set(Traffic(api=("in",)).cut("eu", "in"))
    set_authority(
        lab.project,
        {"primary": "eu", "previous": "in", "epoch": 3, "change": "failover"},
        {"in": {"generation": 3, "cloneFrom": "eu"}},
    )
    apply(lab, _untold, ["eu"])
    write = 'psql -Xq -v ON_ERROR_STOP=1 "$DATABASE_PRIMARY_URL" -c "create table after_the_loss as select 1 as id"'
    until(lambda: in_europe[0].run(write).code == 0, "Europe does not write", seconds=60)
    assert regions.europe.sql("select count(*) from before_the_loss") == "1"


def _has(regions: Regions, table: str) -> bool:
    return regions.europe.sql(f"select to_regclass('{table}') is not null") == "t"


def test_the_lost_region_is_cloned_again_and_its_stray_writes_are_gone(regions: Regions) -> None:
    lab = regions.lab
    # Without a guard a returning primary takes writes that nobody else will ever have.
    lab.road.set(Traffic(api=()).cut("eu", "in"))
    _insist(regions.india, "create table if not exists stray (id int)")
    lab.road.set(Traffic())
    before = regions.india.resource["metadata"]["uid"]
    apply(lab, _untold, ["in"])
    regions.india.wait_healthy(print)
    assert regions.india.resource["metadata"]["uid"] != before
    assert regions.india.state()["source"] == "pg-europe.openova.io"
    assert regions.india.state()["timeline"] == regions.europe.state()["timeline"]
    assert regions.india.sql("select to_regclass('stray') is null, count(*) from after_the_loss") == "t|1"


def _insist(database: Database, statement: str) -> None:
    """Runs the statement as soon as the database takes it."""

    def done() -> bool:
        try:
            database.sql(statement)
        except RefusedError:
            return False
        return True

    until(done, f"{database.name} does not write", seconds=120)


def _untold(stack: str, what: str, seconds: float) -> None:
    """Progress is for people who wait."""
