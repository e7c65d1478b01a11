"""How the clusters are reached: kubeconfigs from files and from stacks, and a server that hangs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operations.access import AnsweredError, Cluster, UnreachableError, clusters_of
from operations.status.databases import observe
from settings.loader import load_project
from settings.problems import SettingsError
from tests.projects import ROOT


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH but the shell's, with a kubectl in it that answers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder / "kubectl", 'echo "{}"')
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def program(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def kubeconfig(folder: Path, code: str) -> str:
    file = folder / f"{code}.kubeconfig"
    file.write_text("{}")
    return f"{code}={file}"


def test_files_that_are_named_are_taken_and_the_rest_is_asked_of_pulumi(tools: Path, tmp_path: Path) -> None:
    program(tools / "pulumi", 'echo "kubeconfig of $6"')
    with clusters_of(ROOT, ("eu", "in"), [kubeconfig(tmp_path, "eu")]) as clusters:
        assert clusters["eu"].kubeconfig == tmp_path / "eu.kubeconfig"
        asked = clusters["in"].kubeconfig
        assert asked.read_text().startswith("kubeconfig of")
        assert asked.stat().st_mode & 0o77 == 0
    assert not asked.exists()


def test_every_kubeconfig_that_cannot_be_had_is_told_with_pulumis_own_words(tools: Path) -> None:
    program(tools / "pulumi", "echo no state here >&2; exit 1")
    with pytest.raises(SettingsError) as refused, clusters_of(ROOT, ("eu", "in"), []):
        pass
    assert [problem.file for problem in refused.value.problems] == ["Pulumi.eu.yaml", "Pulumi.in.yaml"]
    assert "no state here" in str(refused.value)


def test_a_lost_region_needs_no_kubeconfig_and_is_silent(tools: Path, tmp_path: Path) -> None:
    program(tools / "pulumi", "exit 1")
    with clusters_of(ROOT, ("eu", "in"), [kubeconfig(tmp_path, "in")], dispensable=["eu"]) as clusters:
        assert set(clusters) == {"in"}
        europe = observe(load_project(ROOT).platform, clusters)[0]
    assert europe.silence == "its kubeconfig is not at hand"


@pytest.mark.parametrize("given", ["eu", "eu=", "us=/dev/null", "eu=/nowhere"])
def test_an_option_that_says_nothing_is_refused(tools: Path, given: str) -> None:
    with pytest.raises(SettingsError, match="--kubeconfig"), clusters_of(ROOT, ("eu", "in"), [given]):
        pass


def test_a_server_that_hangs_is_given_up(tools: Path, tmp_path: Path) -> None:
    program(tools / "kubectl", "exec sleep 60")
    with pytest.raises(UnreachableError, match="no answer"):
        Cluster("eu", tmp_path).kubectl("get", "nodes", seconds=0.1)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout", UnreachableError),
        ("The connection to the server 192.0.2.1 was refused: connection refused", UnreachableError),
        ('Error from server (NotFound): clusters "postgresql" not found', AnsweredError),
        ("error: unable to upgrade connection: container not found", AnsweredError),
    ],
)
def test_no_answer_is_told_from_an_answer(tools: Path, tmp_path: Path, said: str, error: type[Exception]) -> None:
    program(tools / "kubectl", f"echo {json.dumps(said)} >&2; exit 1")
    with pytest.raises(error):
        Cluster("eu", tmp_path).kubectl("get", "nodes")
