"""`openova record`, as somebody types it, on a real S3 server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lab.s3 import S3Server
from operations.cli import app
from operations.epoch.s3 import S3EpochStore
from settings.problems import SettingsError
from tests.operations.epoch.conftest import bucket_of
from tests.operations.epoch.records import statement
from tests.projects import ROOT


def outputs(server: S3Server) -> str:
    return json.dumps(
        {
            "guard": {"bucket": "authority", "endpoint": server.endpoint},
            "guardCredentials": {"accessKeyId": server.access_key_id, "secretAccessKey": server.secret_access_key},
        }
    )


def run(folder: Path, shared: str, *arguments: str) -> Result:
    """With these outputs of the stack `shared` in a file."""
    file = folder / "shared.json"
    file.write_text(shared)
    return CliRunner().invoke(app, ["record", *arguments, f"--store={file}", f"--root={ROOT}"])


@pytest.mark.lab
def test_the_record_is_claimed_once_and_shown_with_what_nodes_state(server: S3Server, tmp_path: Path) -> None:
    def told(*arguments: str) -> Result:
        return run(tmp_path, outputs(server), *arguments)

    assert json.loads(told("show").stdout) == {"record": None, "statements": {}}
    assert told("claim", "--epoch=1", "--primary=eu").exit_code == 0
    moved = told("claim", "--epoch=2", "--primary=in", "--previous=eu", "--change=failover")
    assert json.loads(moved.stdout)["record"]["record"]["primary"] == "in"
    again = told("claim", "--epoch=1", "--primary=eu")
    assert (again.exit_code, "an epoch never falls" in again.stderr) == (1, True)
    S3EpochStore(bucket_of(server)).state(statement(barrier="closed", epoch=2))
    shown: dict[str, Any] = json.loads(told("show", "eu").stdout)
    assert shown["record"]["record"]["epoch"] == 2
    assert [item["statement"]["barrier"] for item in shown["statements"]["eu"]] == ["closed"]
    assert server.secret_access_key not in moved.output + again.output


@pytest.mark.parametrize("shared", ["", "{}", '{"guard": {}, "guardCredentials": {}}', "[]"])
def test_without_the_outputs_it_says_where_they_come_from(shared: str, tmp_path: Path) -> None:
    refused = run(tmp_path, shared, "show").exception
    assert isinstance(refused, SettingsError)
    assert "pulumi stack output --stack shared" in str(refused)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--epoch", "2", "--primary", "in"),
        ("--epoch", "2", "--primary", "in", "--previous", "eu", "--change", "hope"),
        ("--epoch", "1", "--primary", "in", "--previous", "eu", "--change", "failover"),
    ],
)
def test_half_a_record_is_refused_before_anything_is_asked(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, "", "claim", *arguments)
    assert (done.exit_code, "Nothing was written." in done.stderr) == (2, True)
