"""`openova verify mongodb` and `openova mongodb reconfigure` with the real mongosh, on stand-ins for the members."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from operations.mongodb.shell import SCRIPTS, seats
from settings.loader import load_project
from tests.mongodb.stand_in import State, member
from tests.projects import copy_project, edit, share
from tests.variants import witness

OPENOVA = Path(sys.executable).with_name("openova")
SECONDS = 240


@dataclass
class World:
    """A project, the members' states by their pods, and what reaches them."""

    root: Path
    states: dict[str, State]
    environment: dict[str, str]
    kubeconfigs: dict[str, Path]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, with nobody at the terminal."""
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        given = [f"--kubeconfig={code}={file}" for code, file in self.kubeconfigs.items()]
        return [str(OPENOVA), *arguments, f"--root={self.root}", *given]

    def lose(self, site: str) -> None:
        """The site answers no more, and the others hear nothing of it."""
        gone = {state.me for pod, state in self.states.items() if pod.startswith(f"mongodb-{site}-")}
        self.kubeconfigs[site].write_text("{}")
        for state in self.states.values():
            state.alive -= gone
            state.primary = None if state.primary in gone else state.primary


def world_of(root: Path, folder: Path, stack: ExitStack) -> World:
    platform = load_project(root).platform
    places = seats(platform)
    everyone = {s.member.address: (s.member.votes, s.member.priority, s.member.region) for s in places}
    states = {
        s.pod: State(
            me=s.member.address,
            members=dict(everyone),
            primary=places[0].member.address,
            alive=set(everyone),
            forwards=True,
        )
        for s in places
    }
    ports: dict[str, dict[str, int]] = {code: {} for code in platform.site_codes}
    for place in places:
        ports[place.site][place.pod] = stack.enter_context(member(states[place.pod]))
    kubeconfigs = {code: folder / f"{code}.json" for code in ports}
    for code, file in kubeconfigs.items():
        file.write_text(json.dumps(ports[code]))
    tools = folder / "bin"
    tools.mkdir()
    shutil.copy(Path(__file__).with_name("kubectl.py"), tools / "kubectl")
    (tools / "kubectl").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), "COLUMNS": "160"}
    return World(root, states, environment, kubeconfigs)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Three and two voters."""
    if shutil.which("mongosh") is None:
        pytest.skip("needs mongosh (npm install --global mongosh)")
    with ExitStack() as stack:
        yield world_of(copy_project(tmp_path / "project"), tmp_path, stack)


@pytest.fixture
def three_sites(tmp_path: Path) -> Iterator[World]:
    """Two, two and one."""
    if shutil.which("mongosh") is None:
        pytest.skip("needs mongosh (npm install --global mongosh)")
    root = copy_project(tmp_path / "project")
    witness(root)
    with ExitStack() as stack:
        yield world_of(root, tmp_path, stack)


def failed_over(world: World) -> None:
    """The record after a failover to India."""
    share(world.root, "authority", {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"})
    edit(world.root / "Pulumi.yaml", "config.regions.value.0.postgres.generation", 2)
    edit(world.root / "Pulumi.yaml", "config.regions.value.0.postgres.cloneFrom", "in")


def verified(world: World) -> tuple[int, dict[tuple[str, str], str]]:
    """The exit code, and what came of each check."""
    ran = world.run("verify", "mongodb", "--json")
    report: dict[str, Any] = json.loads(ran.stdout)
    return ran.returncode, {(check["where"], check["name"]): check["status"] for check in report["checks"]}


def test_a_set_as_it_is_meant_has_nothing_to_tell(world: World) -> None:
    code, checks = verified(world)
    assert code == 0, checks
    assert set(checks.values()) == {"ok"}
    assert ("mongodb-eu-rs0-0", "own name") in checks
    assert {where for where, name in checks if name == "majority write"} == {"eu", "in"}


def test_what_differs_is_told_by_name(world: World) -> None:
    for state in world.states.values():
        state.members["mongo-in-1.openova.io:30171"] = (1, 9, "europe")
        state.version += 1
    code, checks = verified(world)
    assert code == 1
    assert checks["replica set", "mongo-in-1.openova.io:30171"] == "fail"


def test_after_the_loss_of_europe_there_is_no_primary_and_nothing_is_hidden(world: World) -> None:
    world.lose("eu")
    code, checks = verified(world)
    assert code == 1
    assert checks["replica set", "primary"] == "fail"
    assert [name for (where, name), status in checks.items() if where == "mongodb-eu-rs0-0"] == ["answers"]
    assert checks["in", "majority write"] == "fail"
    assert checks["in", "reads nearby"] == "ok"


def test_nothing_is_forced_while_a_primary_can_be_seen(world: World) -> None:
    failed_over(world)
    ran = world.run("mongodb", "reconfigure", "--lost", "eu")
    assert ran.returncode == 2
    assert "is primary" in ran.stderr
    assert not asked(world, "replSetReconfig")


def test_nothing_is_forced_while_the_others_hear_a_primary_that_we_do_not_reach(world: World) -> None:
    failed_over(world)
    world.kubeconfigs["eu"].write_text("{}")
    ran = world.run("mongodb", "reconfigure", "--lost", "eu")
    assert (ran.returncode, asked(world, "replSetReconfig")) == (2, False)
    assert "hear a primary" in ran.stderr


def test_nothing_is_forced_before_the_failover(world: World) -> None:
    world.lose("eu")
    ran = world.run("mongodb", "reconfigure", "--lost", "eu")
    assert (ran.returncode, asked(world, "replSetReconfig")) == (2, False)
    assert "Fail over first" in ran.stderr


def test_nothing_is_forced_where_the_rest_elects_by_itself(three_sites: World) -> None:
    failed_over(three_sites)
    three_sites.lose("eu")
    ran = three_sites.run("mongodb", "reconfigure", "--lost", "eu")
    assert (ran.returncode, asked(three_sites, "replSetReconfig")) == (2, False)
    assert "by themselves" in ran.stderr


def test_nothing_is_forced_by_a_script(world: World) -> None:
    failed_over(world)
    world.lose("eu")
    ran = world.run("mongodb", "reconfigure", "--lost", "eu")
    assert (ran.returncode, asked(world, "replSetReconfig")) == (2, False)
    assert "a person at a terminal" in ran.stderr


def test_a_dry_run_tells_what_may_be_lost_and_changes_nothing(world: World) -> None:
    failed_over(world)
    world.lose("eu")
    world.states["mongodb-in-rs0-1"].ahead = {"mongo-in-1.openova.io:30171": 5, "mongo-eu-0.openova.io:30170": 12}
    ran = world.run("mongodb", "reconfigure", "--lost", "eu", "--dry-run")
    assert (ran.returncode, asked(world, "replSetReconfig")) == (0, False), ran.stderr
    assert "mongodb-in-rs0-1, the most advanced" in ran.stdout
    assert "mongo-eu-0.openova.io:30170 was last heard 7 s ahead" in ran.stdout


def typed(world: World, *lines: str) -> tuple[int, str]:
    """The command with a person at the terminal who types these lines."""
    leader, follower = pty.openpty()
    command = world.command("mongodb", "reconfigure", "--lost", "eu")
    with subprocess.Popen(command, env=world.environment, stdin=follower, stdout=follower, stderr=follower) as running:
        os.close(follower)
        os.write(leader, "".join(f"{line}\n" for line in lines).encode())
        text = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:
                break
            text += part
            if not part:
                break
        code = running.wait(SECONDS)
    os.close(leader)
    return code, text.decode()


def test_a_person_who_types_both_sentences_gets_a_primary_of_the_members_that_are_left(world: World) -> None:
    failed_over(world)
    world.lose("eu")
    code, text = typed(world, "eu is powered off", "force mongodb-global")
    assert code == 0, text
    assert "is primary" in text
    assert "forced: {epoch: 2, without: [eu]}" in text
    (changed,) = [state for state in world.states.values() if len(state.members) == 3]
    assert {host: votes for host, (votes, _, _) in changed.members.items()} == {
        "mongo-in-0.openova.io:30170": 1,
        "mongo-in-1.openova.io:30171": 1,
        "mongo-in-2.openova.io:30172": 1,
    }


def test_a_sentence_that_is_not_typed_word_for_word_changes_nothing(world: World) -> None:
    failed_over(world)
    world.lose("eu")
    code, text = typed(world, "eu is powered off", "yes")
    assert code == 1
    assert "Nothing was changed" in text
    assert not asked(world, "replSetReconfig")


def test_the_script_in_a_pod_logs_in_over_tls_with_the_users_of_the_operator(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.mkdir()
    for name, value in (("USER", "clusterAdmin"), ("PASSWORD", "p%40")):
        (users / f"MONGODB_CLUSTER_ADMIN_{name}_ESCAPED").write_text(value)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "mongosh").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tools / "mongosh").chmod(0o755)
    text = (SCRIPTS / "run.sh").read_text().replace("/etc/users-secret", str(users))
    ran = subprocess.run(
        ["sh", "-s", "--", "CLUSTER_ADMIN", "localhost:27017", "&directConnection=true", "1 + 1"],
        input=text, capture_output=True, text=True, check=True, env={"PATH": f"{tools}:{os.environ['PATH']}"},
    )  # fmt: skip
    *_, uri, flag, script = ran.stdout.splitlines()
    assert uri.startswith("mongodb://clusterAdmin:p%40@localhost:27017/admin?authSource=admin&tls=true&tlsCAFile=")
    assert uri.endswith("&directConnection=true")
    assert (flag, script) == ("--eval", "1 + 1")


def asked(world: World, command: str) -> bool:
    return any(command in seen for state in world.states.values() for seen in state.seen)
