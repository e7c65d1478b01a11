"""The workflows: what they hand to whom, and that every command in them is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.cli import app
from tests.planning import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text())
    return document


@each
def test_nothing_of_a_strangers_runs_with_secrets(path: Path) -> None:
    document = read(path)
    triggers = document[True]
    assert "pull_request_target" not in triggers
    assert "workflow_run" not in triggers
    for name, job in document["jobs"].items():
        trusted = "head.repo.full_name == github.repository" in str(job.get("if", ""))
        holds = "secrets." in json.dumps(job) or "write" in (job.get("permissions") or {}).values()
        assert not ("pull_request" in triggers and holds) or trusted, name


@each
def test_no_text_of_a_pull_request_reaches_a_shell_but_as_a_variable(path: Path) -> None:
    for job in read(path)["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step


@each
def test_every_checkout_keeps_its_token_to_itself(path: Path) -> None:
    for job in read(path)["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_token_that_writes_is_given_to_the_target_branchs_program() -> None:
    job = read(ROOT / ".github" / "workflows" / "pull-request.yaml")["jobs"]["comment"]
    (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


@each
def test_every_action_has_a_version_and_renovate_pins_it(path: Path) -> None:
    for used in re.findall(r"uses: (\S+)", path.read_text()):
        assert re.search(r"@(v\d+(\.\d+)*|[0-9a-f]{40})$", used), used
    config = json.loads((ROOT / "renovate.json").read_text())
    assert "helpers:pinGitHubActionDigests" in config["extends"]
    assert "github-actions" in config["enabledManagers"]


@each
def test_every_command_in_a_workflow_is_there(path: Path) -> None:
    text = path.read_text()
    groups = {item.name for item in app.registered_groups} | {
        item.callback.__name__ for item in app.registered_commands if item.callback
    }
    for name in re.findall(r"bin/openova (\w+)", text):
        assert name in groups
    for script in re.findall(r"\.github/scripts/[\w-]+", text):
        assert os.access(ROOT / script, os.X_OK), script


def run(script: str, folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".github" / "scripts" / script), *arguments]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/bash\n{text}\n")
    (folder / name).chmod(0o755)


def test_the_cli_is_installed_in_the_version_of_the_sdk(tmp_path: Path) -> None:
    program(tmp_path / "bin", "curl", "echo 'echo asked for \"$@\"'")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "GITHUB_PATH": str(tmp_path / "path")}
    done = run("install-pulumi", tmp_path, environment)
    pinned = re.findall(r'"pulumi==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert done.stdout == f"asked for --version {pinned[0]}\n"
    assert (tmp_path / "path").read_text().endswith("/.pulumi/bin\n")
    (tmp_path / "pyproject.toml").write_text("")
    assert run("install-pulumi", tmp_path, environment).returncode == 2


def test_every_stack_is_compared_and_its_exit_code_kept(tmp_path: Path) -> None:
    program(tmp_path / "bin", "pulumi", 'echo "$*"; [[ $3 != eu ]]')
    for stack in ("shared", "eu"):
        (tmp_path / f"Pulumi.{stack}.yaml").touch()
    (tmp_path / "Pulumi.yaml").touch()
    run("compare", tmp_path, {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}, "out")
    codes = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.rc")}
    assert codes == {"shared.rc": "0\n", "eu.rc": "1\n"}
    assert "--expect-no-changes" in (tmp_path / "out" / "eu.txt").read_text()
    assert "up " not in (tmp_path / "out" / "eu.txt").read_text()
