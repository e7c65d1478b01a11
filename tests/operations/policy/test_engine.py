"""The same rules in the real engine, which starts them as a policy pack and stops where they say so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine import PLUGINS, TOKEN, Engine, engine_in, need
from tests.planning import ROOT
from tests.projects import edit, value

pytestmark = pytest.mark.engine

UP = ("up", "--yes", "--skip-preview")
TARGET = ("--target", "**postgres-keys-owner*")
"""Nothing of an account is asked for."""

PACK = str(ROOT / "operations" / "policy" / "pack")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Initialised stacks, with a program of their own that a test may break, and policies on by the environment."""
    need()
    made = engine_in(tmp_path_factory.mktemp("policed"))
    for name in ("components", "regions"):
        (made.root / name).unlink()
        shutil.copytree(ROOT / name, made.root / name, ignore=shutil.ignore_patterns("__pycache__"))
    own = {"PYTHONPATH": str(made.root), "PULUMI_OPTION_POLICY_PACK": PACK}
    return Engine(made.root, {**made.environment, **own})


@contextmanager
def changed(engine: Engine, file: str, old: str, new: str) -> Iterator[None]:
    """One text of the program is another one while the block runs."""
    path = engine.root / file
    text = path.read_text()
    assert old in text
    try:
        path.write_text(text.replace(old, new))
        yield
    finally:
        path.write_text(text)


def openova(engine: Engine, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the document of `openova` where no variable asks for a policy pack."""
    environment = {name: value for name, value in engine.environment.items() if name != "PULUMI_OPTION_POLICY_PACK"}
    command = [sys.executable, "-m", "operations", *arguments, "--json"]
    done = subprocess.run(
        command, cwd=engine.root, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    return done.returncode, json.loads(done.stdout)


def broken(engine: Engine, file: str, old: str, new: str, stack: str, *arguments: str) -> str:
    """What the engine says of a preview (or of what `arguments` ask for) with one text of the program changed."""
    with changed(engine, file, old, new):
        done = engine.pulumi(*(arguments or ("preview",)), "--stack", stack, check=False)
    assert done.returncode != 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("stack", list(PLUGINS))
def test_every_stack_passes_and_is_told_only_what_is_advised(engine: Engine, stack: str) -> None:
    need(*PLUGINS[stack])
    done = engine.pulumi("preview", "--stack", stack)
    assert "openova@v" in done.stdout
    assert "[mandatory]" not in done.stdout
    assert ("[advisory]  image-digest" in done.stdout) is (stack in ("eu", "in"))


def test_a_preview_stops_where_a_database_is_not_protected(engine: Engine) -> None:
    need(*PLUGINS["eu"])
    said = broken(engine, "components/postgres/component.py", "protect=args.protect,", "protect=False,", "eu")
    assert "[mandatory]  kept  (kubernetes:postgresql.cnpg.io/v1:Cluster: eu-postgres-cluster)" in said
    assert "Fix:" in said


def test_openova_says_what_breaks_a_policy_as_the_plan_does_and_leaves_policies_out_where_told(engine: Engine) -> None:
    need(*PLUGINS["eu"])
    with changed(engine, "components/postgres/component.py", "protect=args.protect,", "protect=False,"):
        code, document = openova(engine, "preview", "--stack", "eu")
        assert code == 1
        (told,) = (text for text in document["stacks"][0]["errors"] if "eu-postgres-cluster" in text)
        head, *more = told.splitlines()
        assert head == "Pulumi.eu.yaml: policy kept: eu-postgres-cluster"
        assert [line.split(":")[0].strip() for line in more] == ["Rule", "Otherwise", "Fix"]
        assert all("policy kept" in text for text in document["stacks"][0]["errors"]), (
            "and nothing that follows from it"
        )

        code, document = openova(engine, "preview", "--stack", "eu", "--no-policies")
        assert code == 0, document


def test_an_up_makes_nothing_that_breaks_a_rule(engine: Engine) -> None:
    need("random", "tls", "cloudflare")
    said = broken(
        engine, "components/keys/postgres.py", "protect=args.protect", "protect=False", "shared", *UP, *TARGET
    )
    assert "[mandatory]  kept  (random:index:RandomPassword: postgres-keys-" in said, "whichever came first"
    state = engine.pulumi("stack", "export", "--stack", "shared").stdout
    assert "RandomPassword::postgres-keys-" not in state


def test_an_acknowledgement_in_the_stacks_file_lets_the_engine_go_on(engine: Engine) -> None:
    need(*PLUGINS["eu"])
    file = engine.root / "Pulumi.eu.yaml"
    saved = file.read_text()
    path = engine.root / "components" / "postgres" / "component.py"
    text = path.read_text()
    given = [{"rule": "kept", "resource": "eu-postgres-cluster", "because": "it is a test's, with nothing in it"}]
    try:
        edit(file, "config.openova:acknowledged", given)
        path.write_text(text.replace("protect=args.protect,", "protect=False,"))
        assert "[mandatory]" not in engine.pulumi("preview", "--stack", "eu").stdout
    finally:
        path.write_text(text)
        file.write_text(saved)


def test_a_load_balancer_for_a_database_stops_the_engine(engine: Engine) -> None:
    need(*PLUGINS["eu"])
    said = broken(engine, "components/mongodb/component.py", "NodePort", "LoadBalancer", "eu")
    assert "[mandatory]  public-database" in said


def test_the_engine_finds_a_configured_secret_in_plain_text_and_does_not_print_it(engine: Engine) -> None:
    need(*PLUGINS["global"])
    said = broken(engine, "components/edge/dns.py", "content=address,", f'content="{TOKEN}",', "global")
    assert "[mandatory]  plain-secret" in said
    assert TOKEN not in said[said.index("Policies:") :]


def test_settings_that_cannot_be_read_let_nothing_pass(engine: Engine) -> None:
    need(*PLUGINS["eu"])
    file = engine.root / "Pulumi.eu.yaml"
    saved = file.read_text()
    try:
        edit(file, "config.openova:acknowledged", [{"rule": "nothing", "resource": "x", "because": "none at all"}])
        done = engine.pulumi("preview", "--stack", "eu", check=False)
    finally:
        file.write_text(saved)
    assert done.returncode != 0
    assert "openova:acknowledged[0].rule" in done.stdout


def test_the_pack_stands_beside_the_rules_and_runs_in_the_projects_environment() -> None:
    pack = Path(PACK)
    assert value(pack / "PulumiPolicy.yaml", "runtime.options.virtualenv") == "../../../.venv"
    assert (pack / ".." / ".." / ".." / "pyproject.toml").is_file()
