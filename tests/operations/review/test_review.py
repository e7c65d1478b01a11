"""The comment on a pull request and the issue about drift, against a GitHub on the loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from operations.cli import app
from operations.review.comment import MARKER, comment
from operations.review.github import LIMIT, fitted
from tests.operations.review.github import BOT, TOKEN, Hub, running


def change(**fields: Any) -> dict[str, Any]:
    base = {"stack": "eu", "kind": "changed", "type": "kubernetes:x:Y", "name": "eu-thing", "fields": ["spec.a"]}
    return {**base, "dangerous": False, "danger": None, "because": "", **fields}


GONE = change(kind="removed", name="backups", stack="shared", fields=[], dangerous=True, danger="deleted")


def plan(*changes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    warning = {"id": "mongodb-majority", "severity": "warning", "rule": "No majority.", "consequence": "Read-only."}
    return {
        "authority": {"primary": "eu"},
        "warnings": [warning],
        "policies": [],
        "comparison": {
            "changes": list(changes),
            "cost": {"before": "66.15", "after": "70.65"},
            "warnings": {"added": ["Pulumi.yaml a: A."], "removed": []},
            "facts": ["authority: a -> b"],
        },
        **fields,
    }


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running() as made:
        monkeypatch.setenv("GITHUB_API_URL", made.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "example/platform")
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield made


def post(folder: Path, value: dict[str, Any]) -> Result:
    (folder / "plan.json").write_text(json.dumps(value))
    return CliRunner().invoke(app, ["review", "post", "--plan", str(folder / "plan.json"), "--number", "7"])


def test_the_dangerous_stands_on_top_then_cost_and_each_stack() -> None:
    text = comment(plan(change(), GONE))
    order = [
        "CAUTION",
        "would be **deleted**",
        "Not acknowledged",
        "1 changed, 1 removed",
        "(+4.50)",
        "No majority",
        "<summary>eu",
    ]
    assert [text.index(item) for item in order] == sorted(text.index(item) for item in order)


def test_an_acknowledged_danger_says_why() -> None:
    text = comment(plan({**GONE, "because": "moved elsewhere"}))
    assert "Acknowledged: moved elsewhere" in text
    assert "Not acknowledged" not in text


def test_a_refused_policy_is_told() -> None:
    refused = {"policy": "workload", "level": "mandatory", "says": "It has no limits.", "fix": "Add them."}
    assert "Policies refuse this" in comment(plan(policies=[refused]))


def test_names_of_a_stranger_are_neither_markup_nor_mentions() -> None:
    text = comment(plan(change(name="x```\n<img src=a> @everyone")))
    assert "````diff" in text
    hostile = plan()
    hostile["comparison"]["facts"] = ["@team <script> [x](y)"]
    assert "<script>" not in comment(hostile)
    assert "@team" not in comment(hostile)


def test_one_comment_is_made_and_then_updated(hub: Hub, tmp_path: Path) -> None:
    assert post(tmp_path, plan(change())).stdout == "created\n"
    assert post(tmp_path, plan(change())).stdout == "same\n"
    assert post(tmp_path, plan(GONE)).stdout == "updated\n"
    assert len(hub.comments) == 1
    assert hub.comments[0]["body"].startswith(MARKER)
    assert "backups" in hub.comments[0]["body"]


def test_its_own_comment_is_found_behind_many_and_a_strangers_is_left_alone(hub: Hub, tmp_path: Path) -> None:
    for index in range(1, 121):
        hub.comments.append({"id": index, "user": {"login": "someone"}, "body": f"{MARKER}\nnot ours"})
    assert post(tmp_path, plan()).stdout == "created\n"
    assert post(tmp_path, plan(GONE)).stdout == "updated\n"
    assert len(hub.comments) == 121
    assert all(item["body"].endswith("not ours") for item in hub.comments[:120])
    assert hub.comments[-1]["user"]["login"] == BOT


def test_a_comment_that_is_too_long_is_cut_and_says_so(hub: Hub, tmp_path: Path) -> None:
    many = [change(name=f"eu-thing-{index:05}") for index in range(3000)]
    assert post(tmp_path, plan(GONE, *many)).stdout == "created\n"
    body = hub.comments[0]["body"]
    assert LIMIT - 200 < len(body) <= LIMIT
    assert "would be **deleted**" in body
    assert "Cut here" in body
    assert body.count("<details>") == body.count("</details>")


def test_what_fits_is_not_cut() -> None:
    assert fitted("m", "x" * (LIMIT - 3)) == f"m\n{'x' * (LIMIT - 3)}\n"
    assert len(fitted("m", "x\n" * LIMIT)) <= LIMIT


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_a_missing_token_is_named(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delenv(missing)
    ran = post(tmp_path, plan())
    assert ran.exit_code == 1
    assert f"{missing} not set" in ran.stderr
    assert hub.calls == []


def test_a_token_that_may_not_write_is_told_and_not_printed(hub: Hub, tmp_path: Path) -> None:
    hub.writable = False
    ran = post(tmp_path, plan())
    assert ran.exit_code == 1
    assert "403" in ran.stderr
    assert "a fork's has neither" in ran.stderr
    assert TOKEN not in ran.output


def test_a_github_that_is_away_is_told(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    ran = post(tmp_path, plan())
    assert ran.exit_code == 1
    assert "could not be asked" in ran.stderr


def test_a_plan_that_is_refused_is_told_in_the_comment(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("")
    (tmp_path / "errors.txt").write_text("1 problem in the configuration")
    arguments = ["--plan", str(tmp_path / "plan.json"), "--errors", str(tmp_path / "errors.txt"), "--number", "7"]
    assert CliRunner().invoke(app, ["review", "post", *arguments]).exit_code == 0
    assert "1 problem in the configuration" in hub.comments[0]["body"]


def drift(folder: Path, **codes: int) -> str:
    for stack, code in codes.items():
        (folder / f"{stack}.txt").write_text(f"what {stack} says")
        (folder / f"{stack}.rc").write_text(f"{code}\n")
    files = [str(folder / f"{stack}.txt") for stack in codes]
    ran = CliRunner().invoke(app, ["review", "drift", *files])
    assert ran.exit_code == 0, ran.output
    return ran.stdout.strip()


def test_drift_opens_one_issue_updates_it_and_closes_it(hub: Hub, tmp_path: Path) -> None:
    assert drift(tmp_path, shared=0, eu=0) == "none"
    assert drift(tmp_path, shared=0, eu=1) == "created"
    assert "what eu says" in hub.issues[0]["body"]
    assert "what shared says" not in hub.issues[0]["body"]
    assert drift(tmp_path, shared=0, eu=1) == "same"
    assert drift(tmp_path, shared=1, eu=1) == "updated"
    assert drift(tmp_path, shared=0, eu=0) == "closed"
    assert [item["state"] for item in hub.issues] == ["closed"]
    assert drift(tmp_path, shared=1, eu=0) == "created"
    assert len(hub.issues) == 2


def test_a_preview_without_an_exit_code_counts_as_drift(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("cut off")
    assert CliRunner().invoke(app, ["review", "drift", str(tmp_path / "in.txt")]).stdout == "created\n"
