"""Changes of authority by command and by `openova up`, with everything that Pulumi has to do afterwards.

One story: each test goes on from where the one before left the stacks. What runs is told in tests/stacks/databases.py.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import tools
from settings.project import read_project
from tests.engine import TOKEN, need
from tests.projects import edit, share
from tests.stacks.conftest import REGIONS, STACKS, Platform, platform_in
from tests.stacks.databases import Databases, databases

pytestmark = [pytest.mark.engine, pytest.mark.lab]


@dataclass
class Running:
    """Everything is brought up: Europe writes, India follows."""

    platform: Platform
    databases: Databases

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command that changes who writes, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "operations", *arguments, "--yes"],
            cwd=self.platform.root,
            env=self.platform.engine.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=540,
        )

    def primary(self, code: str) -> str:
        """Whom the region's Cluster calls the primary."""
        return str(self.databases.cluster(code)["spec"]["replica"]["primary"])

    def record(self) -> tuple[str, int]:
        """Who writes by the settings, and since which epoch."""
        record = read_project(self.platform.root).shared["openova:authority"]
        return str(record["primary"]), int(record["epoch"])

    def unchanged(self, *stacks: str, refresh: bool = False) -> None:
        """Nothing is left to do; with `refresh` after a look at what is there."""
        look = ["--refresh"] if refresh else []
        for stack in stacks:
            self.platform.engine.pulumi("preview", "--stack", stack, "--expect-no-changes", *look)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    need("cloudflare", "command", "kubernetes", "random", "tls")
    if absent := tools.missing():
        pytest.skip(absent)
    folder = tmp_path_factory.mktemp("authority")
    with databases(folder / "clusters", REGIONS) as made, platform_in(folder / "project") as platform:
        platform.engine.environment.update(made.environment)
        for code in REGIONS:
            edit(platform.root / f"Pulumi.{code}.yaml", "config.openova:protect", True)
        told = platform.openova("up")
        assert told.code == 0, told.progress
        yield Running(platform, made)


def test_an_up_leaves_nothing_to_change_and_no_drift(running: Running) -> None:
    running.unchanged(*STACKS, refresh=True)


def test_a_switchover_whose_stacks_fail_has_moved_the_writes_and_tells_the_next_step(running: Running) -> None:
    tokens = running.platform.api.account.tokens
    kept = tokens.pop(TOKEN)
    try:
        ran = running.command("switchover", "--to", "in")
    finally:
        tokens[TOKEN] = kept
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert running.primary("eu") == running.primary("in") == "postgresql-replica"
    assert running.record() == ("in", 2)
    assert "in writes. But not every stack was brought up to it" in ran.stderr
    assert "openova up --stack eu --stack in --stack global" in ran.stderr
    assert "Invalid access token" in ran.stdout, ran.stdout


def test_the_same_command_again_brings_up_what_is_left_and_ends_with_nothing_to_change(running: Running) -> None:
    ran = running.command("switchover", "--to", "in")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("nothing to change") >= 3
    running.unchanged(*REGIONS, refresh=True)


def test_without_pulumi_or_with_a_state_that_knows_nothing_the_runs_are_told(running: Running, tmp_path: Path) -> None:
    ran = running.command("switchover", "--to", "in", "--no-pulumi")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("  pulumi up --stack eu\n  pulumi up --stack in\n  pulumi up --stack global\n")
    files = [f"--kubeconfig={code}={running.databases.folder / f'{code}.kubeconfig'}" for code in REGIONS]
    ran = running.command("switchover", "--to", "in", *files, PULUMI_BACKEND_URL=f"file://{tmp_path}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "The stack shared is not initialised" in ran.stdout
    assert ran.stdout.endswith("  pulumi up --stack global\n")


def test_the_way_home_by_openova_up_alone(running: Running) -> None:
    """The commands' patches have left nothing behind that the engine would trip over."""
    share(running.platform.root, "authority", {"primary": "eu", "previous": "in", "epoch": 3, "change": "switchover"})
    told = running.platform.openova("up")
    assert told.code == 0, told.progress
    assert running.primary("eu") == running.primary("in") == "postgresql"
    assert running.databases.cluster("eu")["spec"]["replica"]["promotionToken"]
    assert "promotionToken" not in running.databases.cluster("in")["spec"]["replica"]
    told = running.platform.openova("preview")
    assert {stack: told.of(stack)["changes"] for stack in STACKS} == {stack: {} for stack in STACKS}


def test_a_failover_brings_the_survivor_and_the_edge_up_and_asks_nothing_of_the_lost_region(running: Running) -> None:
    before = running.platform.engine.pulumi("stack", "export", "--stack", "eu").stdout
    epoch = running.record()[1]
    file = running.platform.root / "Pulumi.eu.yaml"
    kept = file.read_text()
    # It asks whether the lost region's servers take connections; nothing here leaves this machine.
    for number in (1, 2, 3):
        edit(file, f"config.openova:nodes.contabo-eu-{number}.address", f"127.0.9.{number}")
    with running.databases.lost("eu"):
        ran = running.command("failover", "--to", "in")
        file.write_text(kept)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert running.primary("in") == "postgresql-replica"
        assert running.record() == ("in", epoch + 1)
        assert "openova rejoin --region eu" in ran.stdout
        running.unchanged("in", "global")
    assert running.platform.engine.pulumi("stack", "export", "--stack", "eu").stdout == before


def test_a_rejoin_makes_one_protected_copy_anew_and_leaves_nothing_to_change(running: Running) -> None:
    old = running.databases.cluster("eu")["metadata"]["uid"]
    ran = running.command("rejoin", "--region", "eu")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    new = running.databases.cluster("eu")
    assert new["metadata"]["uid"] != old
    assert new["spec"]["replica"]["primary"] == "postgresql-replica"
    assert "pg_basebackup" in new["spec"]["bootstrap"]
    assert read_project(running.platform.root).shared["openova:edge"]["drained"] == []
    running.unchanged(*REGIONS, refresh=True)
    protected = running.platform.engine.pulumi("stack", "export", "--stack", "eu").stdout
    assert '"protect": true' in protected


def test_an_old_record_is_refused_by_the_engine_and_no_cluster_changes(running: Running) -> None:
    file = running.platform.root / "Pulumi.yaml"
    kept, (_, epoch) = file.read_text(), running.record()
    share(running.platform.root, "authority", {"primary": "eu", "epoch": 1})
    share(running.platform.root, "regions.0.postgres", {"cluster": "postgresql", "generation": 1})
    before = [running.databases.cluster(code)["metadata"]["generation"] for code in REGIONS]
    told = running.platform.openova("up")
    file.write_text(kept)
    assert told.code == 1
    assert all(f"Epoch 1 is older than epoch {epoch}" in told.of(code)["errors"][0] for code in REGIONS)
    assert [running.databases.cluster(code)["metadata"]["generation"] for code in REGIONS] == before


def test_a_destroy_leaves_what_is_protected_and_says_so(running: Running) -> None:
    told = running.platform.openova("destroy", "--yes")
    assert told.code == 1
    assert "eu protects 1: eu-postgres-cluster" in told.progress
    told = running.platform.openova("destroy", "--yes", "--exclude-protected")
    assert told.code == 0, told.progress
    assert all(f"{code}-postgres-cluster" in told.of(code)["kept"] for code in REGIONS)
    assert all(running.databases.cluster(code)["metadata"]["name"] for code in REGIONS)
