"""`openova drill` before anything is broken: what it refuses, and that its operator's commands exist."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from operations.cli import app
from operations.drill.catalogue import SCENARIOS
from operations.drill.command import chosen
from operations.drill.operator import Operator
from operations.drill.scenes import SCENES
from settings.problems import SettingsError

RUN = CliRunner()


def test_every_scenario_of_the_catalogue_is_played_and_no_other() -> None:
    assert {scenario.name for scenario in SCENARIOS} == set(SCENES)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("pulumi", [True, False], ids=["with-pulumi", "without"])
def test_the_operators_commands_are_commands_of_the_program(scenario: object, pulumi: bool, tmp_path: Path) -> None:
    file = tmp_path / "store.json"
    file.touch()
    operator = Operator(tmp_path, [f"eu={file}", f"in={file}"], file, pulumi, print)
    for command in scenario.steps("eu", "in"):  # type: ignore[attr-defined]
        _, _, _, *arguments = operator.arguments(command)
        typer.main.get_command(app).make_context("openova", list(arguments), resilient_parsing=False)
        name, *rest = arguments
        typer.main.get_command(app).commands[name].make_context(name, rest)  # type: ignore[attr-defined]


def test_the_kubeconfig_of_a_lost_region_is_left_out() -> None:
    operator = Operator(Path("/root-of-it"), ["eu=a", "in=b"], None, True, print)
    told = shlex.join(operator.arguments("openova failover --to in", without="eu"))
    assert "--kubeconfig=in=b" in told
    assert "eu=a" not in told


def test_all_wrong_scenarios_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        chosen(["region-los", "switchover", "fire"])
    assert "'region-los'" in str(refused.value)
    assert "'fire'" in str(refused.value)
    assert "Nothing was broken" in str(refused.value)


def test_a_real_pair_needs_the_image_by_its_digest() -> None:
    for more, told in ((["--image", "ghcr.io/someone/ledger:1"], "not named by its digest"), ([], "no image")):
        done = RUN.invoke(app, ["drill", "switchover", "--real", *more])
        assert isinstance(done.exception, SettingsError)
        assert told in str(done.exception)


def test_without_a_scenario_they_are_listed() -> None:
    done = RUN.invoke(app, ["drill"])
    assert done.exit_code == 0
    assert all(scenario.name in done.output for scenario in SCENARIOS)
