"""Where the state is kept: a bucket with its lock, and what a lost state is built again from. docs/state.md."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.cloudflare.account import ACCOUNT_ID, ZONE_ID
from lab.s3 import missing
from lab.s3.server import serve
from tests.stacks.conftest import STACKS, Platform, platform_in

pytestmark = pytest.mark.engine

BUCKET = "state"
OPTIONS = (
    "region=auto&use_path_style=true&request_checksum_calculation=when_required"
    "&response_checksum_validation=when_required"
)


@pytest.fixture(scope="module")
def kept(platform: Platform) -> Iterator[Platform]:
    """Everything is brought up, with its state in files."""
    told = platform.openova("up")
    assert told.code == 0, told.progress
    yield platform


def test_a_lost_state_of_the_edge_is_adopted_by_import_and_nothing_is_made_twice(
    kept: Platform, tmp_path: Path
) -> None:
    before = {name: set(rows) for name, rows in kept.api.account.tables.items() if rows}
    kept.engine.pulumi("stack", "rm", "global", "--force", "--yes", "--preserve-config")
    kept.engine.pulumi("stack", "init", "global")

    file = tmp_path / "global.json"
    kept.engine.pulumi("preview", "--stack", "global", "--import-file", str(file))
    wanted = json.loads(file.read_text())
    steps = {
        step["newState"]["urn"].rpartition("::")[2]: step["newState"].get("inputs", {})
        for step in kept.engine.preview("global")["steps"]
    }
    for item in wanted["resources"]:
        if not item.get("component"):
            item["id"] = _identifier(kept, item["type"], steps[item["name"]])
    file.write_text(json.dumps(wanted))
    kept.engine.pulumi(
        "import", "--stack", "global", "--file", str(file), "--yes", "--skip-preview", "--generate-code=false",
        "--protect=false",
    )  # fmt: skip

    told = kept.openova("up", "--stack", "global")
    assert told.code == 0, told.progress
    assert "create" not in told.of("global")["changes"], told.of("global")
    assert {name: set(rows) for name, rows in kept.api.account.tables.items() if rows} == before
    assert kept.openova("preview", "--stack", "global").of("global")["changes"] == {}


def _identifier(kept: Platform, kind: str, inputs: dict[str, Any]) -> str:
    """What Cloudflare's dashboard and API show of the one object that is meant."""
    tables = kept.api.account.tables
    if "loadBalancerMonitor" in kind:
        (found,) = tables["monitors"].values()
        return f"{ACCOUNT_ID}/{found['id']}"
    if "loadBalancerPool" in kind:
        (found,) = (row for row in tables["pools"].values() if row["name"] == inputs["name"])
        return f"{ACCOUNT_ID}/{found['id']}"
    if "dnsRecord" in kind:
        (found,) = (
            row for row in tables["dns_records"].values()
            if (row["name"], row["content"]) == (inputs["name"], inputs["content"])
        )  # fmt: skip
        return f"{ZONE_ID}/{found['id']}"
    (found,) = (row for row in tables["load_balancers"].values() if row["name"] == inputs["name"])
    return f"{ZONE_ID}/{found['id']}"


def test_a_lost_state_of_the_keys_comes_back_from_an_export_and_from_nowhere_else(kept: Platform) -> None:
    saved = kept.engine.pulumi("stack", "export", "--stack", "shared").stdout
    keys = kept.engine.pulumi("stack", "output", "--stack", "shared", "--json", "--show-secrets").stdout
    assert json.loads(keys)["postgresKeys"]["ownerPassword"] not in saved, "an export keeps secrets encrypted"
    kept.engine.pulumi("stack", "rm", "shared", "--force", "--yes", "--preserve-config")
    kept.engine.pulumi("stack", "init", "shared")
    kept.engine.pulumi("stack", "import", "--stack", "shared", text=saved)
    kept.engine.pulumi("preview", "--stack", "shared", "--expect-no-changes")
    assert kept.engine.pulumi("stack", "output", "--stack", "shared", "--json", "--show-secrets").stdout == keys


def test_a_lost_stack_is_told_before_anything_is_changed(kept: Platform) -> None:
    saved = kept.engine.pulumi("stack", "export", "--stack", "in").stdout
    kept.engine.pulumi("stack", "rm", "in", "--force", "--yes", "--preserve-config")
    told = kept.openova("up")
    assert told.code == 2
    assert "pulumi stack init in" in told.progress
    assert "docs/state.md" in told.progress
    kept.engine.pulumi("stack", "init", "in")
    kept.engine.pulumi("stack", "import", "--stack", "in", text=saved)
    assert kept.openova("preview", "--stack", "in").of("in")["changes"] == {}


def test_a_bucket_keeps_the_state_and_locks_a_stack_while_it_is_brought_up(tmp_path: Path) -> None:
    if absent := missing():
        pytest.skip(absent)
    with serve(tmp_path / "s3", (BUCKET,)) as (server, _), platform_in(tmp_path / "project") as platform:
        platform.engine.environment.update(
            PULUMI_BACKEND_URL=f"s3://{BUCKET}?endpoint={server.endpoint}&{OPTIONS}",
            AWS_ACCESS_KEY_ID=server.access_key_id,
            AWS_SECRET_ACCESS_KEY=server.secret_access_key,
        )
        for stack in STACKS:
            platform.engine.pulumi("stack", "init", stack)
        locks = tmp_path / "s3" / "data" / BUCKET / ".pulumi" / "locks"
        long = platform.tell("long")
        process = platform.start("up", "--stack", "shared", "--stack", "eu", "--json")
        deadline = time.monotonic() + 300
        while not (platform.folder / "eu.began").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert [path.parent.name for path in locks.rglob("*.json")] == ["eu"]
        second = platform.engine.pulumi("up", "--stack", "eu", "--yes", "--skip-preview", check=False)
        long.unlink()
        told = platform.ended(process)
        assert second.returncode != 0
        assert "the stack is currently locked" in second.stdout + second.stderr
        assert told.code == 0, told.progress
        assert list(locks.rglob("*.json")) == []
        assert platform.openova("preview", "--stack", "eu").of("eu")["changes"] == {}
