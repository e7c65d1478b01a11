"""Backups in `openova status`: when the last one was taken, and whether a restore was ever tried."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.postgres.spec import PLUGIN as COMPONENTS_PLUGIN
from operations.access import AnsweredError, Cluster
from operations.findings.model import Check
from operations.readiness.acts import FILE, NEVER_RESTORED, Restore, last_restore
from operations.status.backups import KIND, PLUGIN, last_backups
from operations.status.databases import Seen
from operations.status.judge import judge
from settings.loader import load_project
from settings.platform import Platform
from tests.operations.test_status import EUROPE, INDIA, region
from tests.projects import ROOT, copy_project, share

TODAY = date(2026, 11, 27)
TESTED = Restore("tested 2026-11-20", fresh=True)
PARAMETERS = {"barmanObjectName": "r2", "serverName": "postgresql-g1"}


@pytest.fixture(scope="module")
def platform() -> Platform:
    return load_project(ROOT).platform


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def backup(platform: Platform, last: str, restore: Restore) -> Check:
    found = [each for each in judge(platform, [EUROPE, INDIA], {"eu": last}, restore) if each.name == "backup"]
    assert [each.where for each in found] == ["eu"], "the region that writes takes the backups"
    return found[0]


def with_plugin(**parameters: str) -> Seen:
    seen = region("eu")
    spec = {**seen.resource["spec"], "plugins": [{"name": PLUGIN, "parameters": parameters}]}
    return Seen("eu", resource={**seen.resource, "spec": spec}, state=seen.state)


def test_the_plugin_is_the_one_of_the_program() -> None:
    assert PLUGIN == COMPONENTS_PLUGIN


@pytest.mark.parametrize(
    ("last", "restore", "status"),
    [
        (hours_ago(2), TESTED, "ok"),
        (hours_ago(2), NEVER_RESTORED, "warn"),
        (hours_ago(2), Restore("tested 2026-01-02", fresh=False), "warn"),
        (hours_ago(40), TESTED, "warn"),
        ("none", TESTED, "warn"),
    ],
)
def test_a_backup_is_well_if_it_is_of_today_and_one_was_restored_lately(
    platform: Platform, last: str, restore: Restore, status: str
) -> None:
    check = backup(platform, last, restore)
    assert check.status == status
    assert restore.told in check.seen
    assert last in check.seen


def test_without_backups_that_is_said_and_nothing_is_asked(tmp_path: Path) -> None:
    share(copy_project(tmp_path), "backups.enabled", False)
    platform = load_project(tmp_path).platform
    assert last_backups(platform, {"eu": Cluster("eu", tmp_path)}, [EUROPE]) == {}
    assert backup(platform, "unknown", TESTED).seen == "off"


@pytest.mark.parametrize(
    ("status", "last"),
    [
        ({"serverRecoveryWindow": {"postgresql-g1": {"lastSuccessfulBackupTime": "2026-11-27T02:03:04Z"}}},
         "2026-11-27T02:03:04Z"),
        ({"serverRecoveryWindow": {"postgresql-g2": {"lastSuccessfulBackupTime": "2026-11-27T02:03:04Z"}}}, "none"),
        ({}, "none"),
        (None, "none"),
    ],
)  # fmt: skip
def test_the_time_is_that_of_this_copy_in_the_plugins_own_store(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, status: Any, last: str
) -> None:
    def kubectl(self: Cluster, *arguments: str, **more: Any) -> str:
        assert arguments[:3] == ("get", KIND, "r2")
        return json.dumps({"status": status})

    monkeypatch.setattr(Cluster, "kubectl", kubectl)
    assert last_backups(platform, {"eu": Cluster("eu", Path())}, [with_plugin(**PARAMETERS)]) == {"eu": last}


def test_a_store_that_cannot_be_asked_and_a_cluster_without_archive_are_told(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kubectl(self: Cluster, *arguments: str, **more: Any) -> str:
        raise AnsweredError("eu: forbidden")

    monkeypatch.setattr(Cluster, "kubectl", kubectl)
    clusters = {"eu": Cluster("eu", Path())}
    assert last_backups(platform, clusters, [with_plugin(**PARAMETERS)]) == {"eu": "unknown, eu: forbidden"}
    assert "no archive" in last_backups(platform, clusters, [EUROPE])["eu"]
    assert last_backups(platform, clusters, [Seen("eu", silence="no answer")]) == {}


def acts(root: Path, *entries: str) -> Path:
    file = root / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("acts:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
    return root


RESTORED = "act: restore-postgresql, by: database on-call, proof: https://example.org/restore, at: {}"


def test_a_restore_is_what_the_acts_say_and_never_tested_before(tmp_path: Path) -> None:
    assert last_restore(tmp_path, TODAY) == NEVER_RESTORED
    acts(tmp_path, RESTORED.format("2026-11-20"), RESTORED.format("2026-02-03"))
    assert last_restore(tmp_path, TODAY) == TESTED
    acts(tmp_path, RESTORED.format("2026-02-03"))
    assert last_restore(tmp_path, TODAY) == Restore("tested 2026-02-03", fresh=False)


def test_a_broken_file_of_acts_does_not_stop_the_status(tmp_path: Path) -> None:
    acts(tmp_path, RESTORED.format("someday"))
    told = last_restore(tmp_path, TODAY)
    assert not told.fresh
    assert "openova readiness" in told.told
