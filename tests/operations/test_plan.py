"""`openova plan` as a user runs it: golden output, the documented form, nothing secret, clear refusals.

The golden files were read by eye. After a change that is meant: UPDATE_GOLDEN=1 pytest tests/operations/test_plan.py
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from operations.cli import main
from operations.plan.recorded import Evaluation
from operations.plan.worker import Job, ProgramError, run
from tests.planning import ROOT
from tests.projects import copy_project, edit

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEMA = json.loads((ROOT / "operations" / "report" / "schema.json").read_text())
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"


@dataclass(frozen=True)
class Ran:
    """What one run of the command printed and wrote."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def plan(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "plan.json").read_text())
        return document


class Inline:
    """Stands in for the worker processes: the same evaluation in this process, where the SDKs are loaded once."""

    def warm(self) -> None:
        """Nothing to do: the first job imports what it needs."""

    def submit(self, job: Job) -> Future[Evaluation]:
        """The evaluation, already done."""
        future: Future[Evaluation] = Future()
        try:
            future.set_result(run(job))
        except ProgramError as error:
            future.set_exception(error)
        return future

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""


def inline(folder: Path, *arguments: str) -> Ran:
    """Run the command in this process with its files going to `folder`."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["openova", "plan", "--out", str(folder), *arguments]
    code = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(ROOT),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr("operations.plan.command.Workers", Inline)
        patch.setattr("sys.argv", argv)
        patch.setenv("COLUMNS", "140")
        try:
            main()
        except SystemExit as error:
            code = int(error.code or 0)
    return Ran(code, out.getvalue().replace(str(folder), "<out>"), err.getvalue(), folder)


def openova(folder: Path, *arguments: str, **environment: str) -> Ran:
    """Run the command as a user does, with its files going to `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "operations", "plan", "--out", str(folder), *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout.replace(str(folder), "<out>"), done.stderr, folder)


@pytest.fixture(scope="module")
def adr(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return openova(tmp_path_factory.mktemp("adr"))


@pytest.fixture(scope="module")
def tunnel(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return openova(tmp_path_factory.mktemp("tunnel"), "--root", "examples/tunnel-40")


@pytest.fixture(scope="module")
def third_site(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return openova(tmp_path_factory.mktemp("third-site"), "--root", "examples/third-site")


@pytest.fixture(scope="module")
def route53(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    pytest.importorskip("pulumi_aws", reason='Route 53 needs pulumi-aws: make aws WITH="--group aws"')
    return openova(tmp_path_factory.mktemp("route53"), "--root", "examples/route53")


def golden(name: str, text: str) -> None:
    """Compare with the golden file of that name, or write it."""
    path = GOLDEN / name
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text(), f"{path} differs; if that is meant, run with UPDATE_GOLDEN=1"


def test_the_committed_configuration_plans_the_whole_platform(adr: Ran) -> None:
    assert (adr.code, adr.err) == (0, "")
    golden("adr.txt", adr.out)


def test_the_decision_word_for_word_is_refused_and_says_why(tmp_path: Path) -> None:
    ran = openova(tmp_path / "out", "--root", "examples/adr-literal")
    assert (ran.code, ran.out) == (2, "")
    golden("adr-literal.txt", ran.err)
    for key in ("openova:edge.steering", "openova:edge.monitor.interval", "openova:budget"):
        assert key in ran.err
    assert not (tmp_path / "out").exists()


def test_the_tunnel_costs_forty_euros_at_most(tunnel: Ran) -> None:
    assert (tunnel.code, tunnel.err) == (0, "")
    golden("tunnel-40.txt", tunnel.out)
    assert float(tunnel.plan["cost"]["total"]) <= 40


def test_route_53_is_planned_like_the_others(route53: Ran) -> None:
    assert (route53.code, route53.err) == (0, "")
    golden("route53.txt", route53.out)


def test_without_its_packages_route_53_is_refused_in_one_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regions.traffic.find_spec", lambda name: None)
    ran = inline(tmp_path / "out", "--root", "examples/route53")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("1 problem in the configuration; nothing was changed.")
    for said in ("openova:edge.provider", "Rule: ", "Otherwise: ", "Fix: make aws"):
        assert said in ran.err
    assert not (tmp_path / "out").exists()


def test_with_a_third_site_no_loss_of_one_site_stops_mongodb(third_site: Ran) -> None:
    assert (third_site.code, third_site.err) == (0, "")
    golden("third-site.txt", third_site.out)
    assert [(row["lost"], row["mongodb"]["write"]) for row in third_site.plan["quorum"]] == [
        ("eu", True),
        ("in", True),
        ("sg", True),
    ]
    assert not [warning for warning in third_site.plan["warnings"] if warning["id"] == "mongodb-majority"]


def test_the_plan_has_the_documented_form(adr: Ran, tunnel: Ran, third_site: Ran) -> None:
    for ran in (adr, tunnel, third_site):
        jsonschema.validate(ran.plan, SCHEMA)


def test_the_plan_of_route_53_has_it_too(route53: Ran) -> None:
    jsonschema.validate(route53.plan, SCHEMA)
    steering = route53.plan["steering"]
    assert (steering["provider"], steering["policy"], steering["detectionSeconds"]) == ("route53", "latency", 156)


def test_the_five_winners_of_the_decision(adr: Ran) -> None:
    winners = {row["name"]: row["winner"] for row in adr.plan["steering"]["locations"]}
    assert winners == {
        "Western Europe": "eu",
        "Eastern Europe": "eu",
        "Middle East (UAE)": "in",
        "India": "in",
        "Southeast Asia": "in",
    }


def test_one_region_alone_costs_what_the_decision_says(adr: Ran) -> None:
    assert adr.plan["cost"]["singleRegion"] == "13.50"


def test_outputs_of_one_stack_are_shown_to_feed_inputs_of_another(adr: Ran) -> None:
    feeds = {(f["from"]["stack"], f["from"]["output"], f["to"]["stack"]) for f in adr.plan["flows"]}
    assert feeds >= {
        ("shared", "meshPrivateKeys", "eu"),
        ("shared", "meshPublicKeys", "in"),
        ("shared", "postgresKeys", "in"),
        ("shared", "k3sTokens", "eu"),
        ("eu", "addresses", "in"),
        ("eu", "addresses", "global"),
        ("in", "addresses", "global"),
    }


def test_manifests_of_custom_resources_are_as_reviewed(adr: Ran) -> None:
    for region in ("eu", "in"):
        kinds = {}
        for path in sorted((adr.folder / "manifests" / region).glob("*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                kinds[path.name] = document["kind"]
                assert document["apiVersion"]
                assert document["metadata"]["name"]
            if kinds[path.name] in ("Cluster", "PerconaServerMongoDB", "ObjectStore", "HelmRelease", "ConfigMap"):
                golden(f"manifests/{region}/{path.name}", path.read_text())
        assert {"Cluster", "PerconaServerMongoDB", "ObjectStore", "HelmRelease", "Secret"} <= set(kinds.values())


def test_values_of_secrets_stand_in_manifests_as_variables_only(adr: Ran) -> None:
    for path in (adr.folder / "manifests").rglob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == "Secret":
                values = {**document.get("stringData", {}), **document.get("data", {})}
                assert values
                assert all(value.startswith("${") for value in values.values()), path


def test_the_same_configuration_gives_the_same_bytes(adr: Ran, tmp_path: Path) -> None:
    again = openova(tmp_path, PYTHONHASHSEED="7")
    for name in ("plan.json", "report.html"):
        assert (again.folder / name).read_bytes() == (adr.folder / name).read_bytes()


def test_one_stack_can_be_shown_with_every_resource(tmp_path: Path) -> None:
    ran = inline(tmp_path, "--stack", "global")
    assert ran.code == 0
    assert "edge-traffic-pool-in" in ran.out
    assert "region-eu" not in ran.out


def test_a_stack_that_does_not_exist_is_refused_before_any_is_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def evaluated(*_: object) -> None:
        raise AssertionError("a stack was evaluated")

    monkeypatch.setattr(Inline, "submit", evaluated)
    ran = inline(tmp_path / "out", "--stack", "us")
    assert ran.code == 2
    assert "--stack" in ran.err
    assert "shared, eu, in, global" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_named_without_a_stack_trace(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    ran = inline(tmp_path / "taken")
    assert ran.code == 2
    assert "--out" in ran.err
    assert "cannot be written" in ran.err
    assert "Traceback" not in ran.err


def test_json_is_the_plan_and_nothing_else(adr: Ran, tmp_path: Path) -> None:
    ran = inline(tmp_path, "--json")
    assert json.loads(ran.out) == adr.plan


def test_nothing_changed_against_the_same_plan(adr: Ran, tmp_path: Path) -> None:
    ran = inline(tmp_path, "--against", str(adr.folder / "plan.json"))
    assert "Nothing changed" in ran.out


def test_a_review_sees_what_was_added_changed_and_removed(adr: Ran, tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    edit(root / "Pulumi.yaml", "config.tenants.value", ["other"])
    edit(root / "Pulumi.in.yaml", "config.openova:databases.postgres.storage", "80Gi")
    against = ("--against", str(adr.folder / "plan.json"))
    ran = inline(tmp_path / "out", "--root", str(root), *against)
    assert "+ global: edge-traffic-api.other.openova.io" in ran.out
    assert "- global: edge-traffic-api.example.openova.io" in ran.out
    assert "holds data or costs money" in ran.out
    assert "~ in: in-postgres-cluster" in ran.out
    assert "spec.storage.size" in ran.out
    shown = json.loads(inline(tmp_path / "out", "--root", str(root), *against, "--json").out)
    kinds = {(change["kind"], change["name"]) for change in shown["comparison"]["changes"]}
    assert ("changed", "in-postgres-cluster") in kinds


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 99}', '{"schema": 1}'])
def test_an_earlier_plan_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "old.json").write_text(text)
    ran = inline(tmp_path / "out", "--against", str(tmp_path / "old.json"))
    assert ran.code == 2
    assert "--against" in ran.err
    assert "Traceback" not in ran.err


def test_an_earlier_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ran = inline(tmp_path / "out", "--against", str(tmp_path / "none.json"))
    assert ran.code == 2
    assert "cannot be read" in ran.err


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("Pulumi.yaml", "config: [", "not YAML"),
        ("Pulumi.yaml", "", "name"),
        ("Pulumi.yaml", "- a\n- b\n", "not a mapping"),
        ("Pulumi.eu.yaml", "config:\n  openova:kind: region\n  openova:kind: global\n", "stands twice"),
        ("Pulumi.eu.yaml", "", "kind"),
        ("Pulumi.eu.yaml", "config:\n  openova:kind: moon\n", "kind"),
    ],
)
def test_a_broken_file_is_named_without_a_stack_trace(tmp_path: Path, file: str, text: str, said: str) -> None:
    root = copy_project(tmp_path / "project")
    (root / file).write_text(text)
    ran = inline(tmp_path / "out", "--root", str(root))
    assert ran.code == 2
    assert file in ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    ran = inline(tmp_path / "out", "--root", str(tmp_path))
    assert ran.code == 2
    assert "Pulumi.yaml" in ran.err


CIPHERTEXT = "v1:PLANTEDNONCE:PLANTEDCIPHERTEXT"


def planted(root: Path) -> Iterator[str]:
    """Secrets as a user has them: encrypted in stack files, and in the environment."""
    for stack, keys in {
        "shared": ("openova:r2AccessKeyId", "openova:r2SecretAccessKey", "cloudflare:apiToken"),
        "global": ("cloudflare:apiToken",),
        "eu": ("openova:sshPrivateKey",),
    }.items():
        for key in keys:
            edit(root / f"Pulumi.{stack}.yaml", f"config.{key}", {"secure": CIPHERTEXT})
        edit(root / f"Pulumi.{stack}.yaml", "encryptionsalt", "v1:PLANTEDSALT")
    yield from ("PLANTED", CIPHERTEXT)


def test_no_secret_of_the_user_appears_anywhere(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    marks = list(planted(root))
    ran = openova(
        tmp_path / "out", "--root", str(root), PULUMI_CONFIG_PASSPHRASE="PLANTED1", CLOUDFLARE_API_TOKEN="PLANTED2"
    )
    assert ran.code == 0, ran.err
    assert not _found(ran, marks)


def test_no_generated_secret_appears_anywhere(adr: Ran) -> None:
    """Stand-ins of secrets are marked, so that one that leaks can be told from one that may be shown."""
    shown = set(re.findall(r"planned-by-openova-[A-Za-z0-9-]+", _everything(adr)))
    assert shown
    assert all(stand_in.endswith(("-certificate", "-request")) for stand_in in shown), shown


def test_a_secret_in_plain_text_is_refused_and_not_repeated(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    edit(root / "Pulumi.shared.yaml", "config.openova:r2SecretAccessKey", "PLANTED-IN-THE-OPEN")
    ran = inline(tmp_path / "out", "--root", str(root))
    assert ran.code == 2
    assert "plain text" in ran.err
    assert "PLANTED" not in ran.out + ran.err


def _everything(ran: Ran) -> str:
    files = [path.read_text() for path in sorted(ran.folder.rglob("*")) if path.is_file()]
    return "\n".join([ran.out, ran.err, *files])


def _found(ran: Ran, marks: list[str]) -> list[str]:
    text = _everything(ran)
    return [mark for mark in marks if mark in text]


def test_a_plan_needs_neither_home_nor_network_nor_the_pulumi_cli(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path / "nowhere"), "PATH": "/nonexistent", "HTTPS_PROXY": "http://127.0.0.1:9"}
    assert shutil.which("pulumi", path=environment["PATH"]) is None
    ran = openova(tmp_path / "out", **environment)
    assert ran.code == 0, ran.err
