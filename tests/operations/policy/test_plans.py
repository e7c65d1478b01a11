"""The policies over whole plans: what is committed passes, and what a change would destroy does not."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.plan.compare import compare
from operations.plan.document import document
from operations.plan.project import Planned
from operations.plan.recorded import Evaluation
from operations.policy.planned import of_plan
from operations.policy.refusals import refusals
from settings.problems import SettingsError
from tests.planning import ROOT, planned
from tests.projects import copy_project, edit, only_problem, share
from tests.turns import EU_WRITES, TO_INDIA
from tests.variants import VARIANTS

BECAUSE = "its data was moved to another bucket"


@pytest.fixture(scope="module")
def committed() -> Planned:
    return planned()


@pytest.fixture(scope="module")
def before(committed: Planned) -> dict[str, Any]:
    return document(committed)


def stops(plan: Planned) -> list[str]:
    return [f"{item.rule_id}: {item.says}" for item in of_plan(plan) if item.stops]


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_every_system_that_the_project_can_be_passes(variant: str, tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    VARIANTS[variant](root)
    assert stops(planned(root)) == []


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir()))
def test_every_example_passes(example: str) -> None:
    if example == "route53" and find_spec("pulumi_aws") is None:
        pytest.skip("the example route53 needs pulumi-aws (make aws)")
    try:
        plan = planned(ROOT / "examples" / example)
    except SettingsError as error:
        assert example == "adr-literal", error  # it is refused before there is a plan
    else:
        assert stops(plan) == []


@pytest.mark.parametrize("record", [EU_WRITES, TO_INDIA])
def test_one_region_writes_whichever_it_is(record: dict[str, Any], tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    share(root, "authority", record)
    assert stops(planned(root)) == []


def changed(plan: Planned, stack: str, name: str, **fields: Any) -> Planned:
    """The plan with one resource registered otherwise, as a mistake in the program would."""
    evaluation: Evaluation = plan.evaluations[stack]
    resources = tuple(replace(item, **fields) if item.name == name else item for item in evaluation.resources)
    return replace(plan, evaluations={**plan.evaluations, stack: replace(evaluation, resources=resources)})


def test_two_regions_that_write_are_refused_over_all_stacks(committed: Planned) -> None:
    writer = committed.evaluations["eu"].named("eu-postgres-cluster")
    found = stops(changed(committed, "in", "in-postgres-cluster", inputs=writer.inputs))
    assert any("eu-postgres-cluster of eu and in-postgres-cluster of in both accept writes" in item for item in found)


def test_a_generated_password_that_loses_its_mark_is_found_in_the_other_stack(committed: Planned) -> None:
    for name in ("postgres-keys-owner-password", "mongodb-keys-app-password"):
        leak = {"metadata": {"name": "x"}, "data": {"url": f"postgresql://app:planned-by-openova-{name}@host"}}
        assert stops(changed(committed, "eu", "eu-services-names-coredns", inputs=leak)) != []


def test_the_same_plan_has_nothing_dangerous(before: dict[str, Any]) -> None:
    assert refusals(before, compare(before, before)) == []


def test_the_document_tells_what_is_advised(before: dict[str, Any]) -> None:
    assert {(item["policy"], item["level"]) for item in before["policies"]} == {("image-digest", "advisory")}


def without_backups(root: Path) -> None:
    share(root, "backups.enabled", False)


def test_a_bucket_taken_out_is_refused_until_it_is_acknowledged(before: dict[str, Any], tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    without_backups(root)
    after = document(planned(root))
    found = refusals(after, compare(before, after))
    assert [problem.key for problem in found] == ["policy kept: backups-backups"]
    assert "would be deleted" in found[0].rule
    assert "rule: kept, resource: backups-backups" in found[0].fix

    given = [{"rule": "kept", "resource": "backups-backups", "because": BECAUSE}]
    edit(root / "Pulumi.shared.yaml", "config.openova:acknowledged", given)
    after = document(planned(root))
    comparison = compare(before, after)
    assert refusals(after, comparison) == []
    (change,) = [item for item in comparison.document()["changes"] if item["dangerous"]]
    assert (change["danger"], change["because"]) == ("deleted", BECAUSE)


def test_a_new_generation_means_a_new_database_and_is_refused(before: dict[str, Any], tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    share(root, "authority", {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"})
    edit(root / "Pulumi.yaml", "config.regions.value.0.postgres", {"cluster": "postgresql", "generation": 2})
    edit(root / "Pulumi.yaml", "config.regions.value.0.postgres.cloneFrom", "in")
    after = document(planned(root))
    (found,) = refusals(after, compare(before, after))
    assert found.key == "policy kept: eu-postgres-cluster"
    assert "made anew" in found.rule
    assert "generation" in found.rule


def test_protection_that_is_taken_off_is_shown_as_dangerous(before: dict[str, Any], tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    edit(root / "Pulumi.global.yaml", "config.openova:protect", False)
    after = document(planned(root))
    comparison = compare(before, after)
    assert {item.danger for item in comparison.changes} == {"unprotected"}
    assert {problem.file for problem in refusals(after, comparison)} == {"Pulumi.global.yaml"}
    given = [{"rule": "kept", "resource": "*", "because": BECAUSE}]
    edit(root / "Pulumi.global.yaml", "config.openova:acknowledged", given)
    after = document(planned(root))
    assert refusals(after, compare(before, after)) == []


def test_a_region_that_goes_is_acknowledged_in_the_file_of_shared(before: dict[str, Any], tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    VARIANTS["single"](root)
    after = document(planned(root))
    gone = {problem.key for problem in refusals(after, compare(before, after)) if problem.file == "Pulumi.in.yaml"}
    assert "policy kept: in-postgres-cluster" in gone
    given = [{"rule": "kept", "resource": "*", "because": BECAUSE}]
    edit(root / "Pulumi.shared.yaml", "config.openova:acknowledged", given)
    after = document(planned(root))
    left = {problem.file for problem in refusals(after, compare(before, after))}
    assert "Pulumi.in.yaml" not in left


def test_the_command_writes_the_plan_and_exits_with_two(before: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "before.json").write_text(json.dumps(before))
    root = copy_project(tmp_path / "project")
    without_backups(root)
    arguments = ["plan", "--root", str(root), "--against", str(tmp_path / "before.json"), "--json"]
    ran = CliRunner().invoke(app, arguments)
    assert isinstance(ran.exception, SettingsError)
    assert "policy kept: backups-backups" in str(ran.exception)
    assert json.loads(ran.stdout)["comparison"]["changes"]
    assert (root / "build" / "plan" / "plan.json").is_file()


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"rule": "kept", "resource": "x", "because": "ok"}, "openova:acknowledged[0].because"),
        ({"rule": "plain-secret", "resource": "x", "because": BECAUSE}, "openova:acknowledged[0].rule"),
        ({"rule": "kept", "because": BECAUSE}, "openova:acknowledged[0].resource"),
    ],
)
def test_an_acknowledgement_is_complete_or_refused(given: dict[str, str], key: str, tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    edit(root / "Pulumi.eu.yaml", "config.openova:acknowledged", [given])
    only_problem(root, "Pulumi.eu.yaml", key)
