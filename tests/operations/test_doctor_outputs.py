"""Ordered servers: the settings have no address of theirs, the outputs of their region's stack do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.doctor import Target
from operations.doctor.outputs import ADDRESSES, HOST_KEYS, VERSION, VERSION_OUTPUT, Found, read_outputs, with_outputs
from regions import contract
from settings.base import camel
from settings.loader import load_project
from settings.platform import Platform
from settings.problems import SettingsError
from tests.operations.test_doctor import ADDRESSES as LISTENING
from tests.operations.test_doctor import KEYS_ONLY, Sshd, as_root, make_key, needs_sshd, sshd
from tests.planning import planned
from tests.projects import copy_project, edit
from tests.variants import ordered

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
ORDERED = "contabo-eu-3"
SOUND: dict[str, Any] = {
    "contract": 1,
    "addresses": {"contabo-eu-1": "203.0.113.11", ORDERED: "203.0.113.13"},
    "hostKeys": {ORDERED: KEY},
    "kubeconfig": "[secret]",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of which one node of Europe is ordered."""
    folder = copy_project(tmp_path / "project")
    ordered(folder)
    return folder


@pytest.fixture
def platform(root: Path) -> Platform:
    return load_project(root).platform


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd") / "keys-only", *KEYS_ONLY) as running:
        yield running


def written(folder: Path, content: Any, name: str = "outputs.json") -> Path:
    """A file with this content, as JSON where it is not text."""
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


@needs_sshd
@as_root
def test_an_ordered_server_is_examined_where_the_outputs_say_and_under_the_key_that_they_pin(
    server: Sshd, root: Path, tmp_path: Path
) -> None:
    stack = root / "Pulumi.eu.yaml"
    edit(stack, "config.openova:ssh.port", server.port)
    for number in (1, 2):
        edit(stack, f"config.openova:nodes.contabo-eu-{number}.address", LISTENING[number])
        edit(stack, f"config.openova:nodes.contabo-eu-{number}.hostKey", server.host_key)

    def found(*outputs: str) -> dict[str, str]:
        options = ["--root", str(root), "--stack", "eu", "--identity", str(server.identity), "--json", *outputs]
        report = json.loads(CliRunner().invoke(app, ["doctor", *options]).stdout)
        return {item["name"]: item["status"] for item in report["checks"] if item["where"] == ORDERED}

    told = {"contract": 1, "addresses": {ORDERED: LISTENING[3]}, "hostKeys": {ORDERED: f"{server.host_key} a comment"}}
    wrong = {**told, "hostKeys": {ORDERED: make_key(tmp_path / "other")}}
    assert found() == {"settings": "unknown"}
    examined = found("--outputs", f"eu={written(tmp_path, told)}")
    assert (examined["host key"], examined["login"]) == ("ok", "ok")
    assert found("--outputs", f"eu={written(tmp_path, wrong)}") == {"SSH port": "ok", "host key": "fail"}


def test_what_the_settings_say_is_never_overruled() -> None:
    given = Target(name="n-1", region="eu", address="192.0.2.1", host_key="k")
    adopted = Target(name="n-2", region="eu", address=None, host_key="its own")
    elsewhere = Target(name="n-1", region="in", address=None, host_key=None)
    known = {"eu": Found({"n-1": "192.0.2.8", "n-2": "192.0.2.9"}, {"n-1": "other", "n-2": "other"})}
    filled = with_outputs([given, adopted, elsewhere], known)
    assert [(target.address, target.host_key) for target in filled] == [
        ("192.0.2.1", "k"),
        ("192.0.2.9", "its own"),
        (None, None),
    ]


def test_outputs_without_host_keys_give_addresses_only(tmp_path: Path, platform: Platform) -> None:
    older = {name: value for name, value in SOUND.items() if name != HOST_KEYS}
    assert read_outputs([f"eu={written(tmp_path, older)}"], platform)["eu"] == Found(SOUND["addresses"], {})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[]", "holds no outputs"),
        ("{}", "holds no outputs"),
        ({**SOUND, "contract": 2}, "another version"),
        ({**SOUND, "addresses": {}}, "none of the nodes of region eu"),
        ({**SOUND, "addresses": {"contabo-in-1": "203.0.113.21"}}, "none of the nodes of region eu"),
        ({**SOUND, "addresses": [1]}, "addresses"),
        ({**SOUND, "addresses": {ORDERED: "host.example.org"}}, f"addresses.{ORDERED}"),
        ({**SOUND, "addresses": {ORDERED: "-oProxyCommand=true"}}, f"addresses.{ORDERED}"),
        ({**SOUND, "hostKeys": {ORDERED: "ssh-rsa AAAA"}}, f"hostKeys.{ORDERED}"),
        ({**SOUND, "hostKeys": {ORDERED: f"{KEY}\n* {KEY}"}}, f"hostKeys.{ORDERED}"),
        ({**SOUND, "hostKeys": "[secret]"}, "hostKeys"),
    ],
)
def test_a_file_that_holds_no_outputs_is_refused(content: Any, said: str, root: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--root", str(root), "--outputs", f"eu={written(tmp_path, content)}"])
    assert isinstance(done.exception, SettingsError)
    (problem,) = done.exception.problems
    assert said in str(problem)
    assert problem.file == "outputs.json" and problem.rule and problem.consequence and problem.fix


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["outputs.json"], "does not say which region's"),
        (["eu="], "does not say which region's"),
        (["us=outputs.json"], "no region 'us'; the regions are eu, in"),
        (["eu=none.json"], "No such file"),
        (["eu=outputs.json", "eu=outputs.json"], "given twice"),
    ],
)
def test_an_option_that_names_no_region_or_file_is_refused(
    options: list[str], said: str, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, SOUND)
    with pytest.raises(SettingsError, match=said) as refused:
        read_outputs(options, platform)
    assert len(refused.value.problems) == 1


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path, platform: Platform) -> None:
    broken = written(tmp_path, {**SOUND, "addresses": {ORDERED: "x"}, "hostKeys": {ORDERED: "y"}})
    with pytest.raises(SettingsError) as refused:
        read_outputs([f"eu={broken}", "us=x", f"in={tmp_path / 'none.json'}"], platform)
    assert len(refused.value.problems) == 4


def test_nothing_of_a_file_that_is_no_json_is_repeated(tmp_path: Path, platform: Platform) -> None:
    with pytest.raises(SettingsError) as refused:
        read_outputs([f"eu={written(tmp_path, 'kubeconfig: SECRET')}"], platform)
    assert "SECRET" not in str(refused.value)


def test_the_names_that_are_read_are_those_of_the_contract() -> None:
    public = {camel(item.name) for item in fields(contract.RegionOutputs)} - contract.secret_outputs("region")
    assert public >= {ADDRESSES, HOST_KEYS}
    assert (VERSION, VERSION_OUTPUT) == (contract.VERSION, contract.VERSION_OUTPUT)


def test_what_the_program_exports_can_be_read_back(root: Path, platform: Platform, tmp_path: Path) -> None:
    outputs = planned(root).evaluations["eu"].outputs
    public = {name: outputs[name] for name in (VERSION_OUTPUT, ADDRESSES, HOST_KEYS)}
    found = read_outputs([f"eu={written(tmp_path, public)}"], platform)["eu"]
    assert set(found.addresses) == set(found.host_keys) == {f"contabo-eu-{number}" for number in (1, 2, 3)}
