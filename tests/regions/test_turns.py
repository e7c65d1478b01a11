"""The program itself, taken through changes of authority in every order: what goes through, what is refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from operations.plan.worker import ProgramError, run
from settings.project import read_project
from tests.projects import copy_project, edit, share
from tests.turns import EU_WRITES, LOST_EU, TO_INDIA, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(copy_project(tmp_path))


@pytest.fixture
def running(world: World) -> World:
    """Europe writes, India follows."""
    for stack in ("shared", "eu", "in"):
        world.up(stack)
    return world


def add_singapore(root: Path) -> None:
    lines = read_project(root).shared["openova:regions"]
    india = next(line for line in lines if line["code"] == "in")
    singapore = {
        **india,
        "code": "sg",
        "name": "singapore",
        "place": "Singapore",
        "country": "SG",
        "coordinates": {"latitude": 1.35, "longitude": 103.82},
        "networks": {"pods": "10.46.0.0/16", "services": "10.47.0.0/16", "mesh": "10.99.3.0/24"},
        "nodes": ["contabo-sg-1", "contabo-sg-2", "contabo-sg-3"],
        "postgres": {"cluster": "postgresql-singapore", "generation": 1, "cloneFrom": "eu"},
        "mongodb": {"priorities": [3, 2]},
    }
    edit(root / "Pulumi.yaml", "config.regions.value", [*lines, singapore])
    edit(root / "Pulumi.yaml", "config.budget.value", 120)
    text = (root / "Pulumi.in.yaml").read_text().replace("contabo-in-", "contabo-sg-").replace("198.51.100", "192.0.2")
    (root / "Pulumi.sg.yaml").write_text(text.replace("openova:code: in", "openova:code: sg"))


def test_a_third_region_is_one_file_and_one_line(world: World) -> None:
    add_singapore(world.root)
    for stack in ("shared", "eu", "in", "sg", "global"):
        world.up(stack)
    assert world.writers() == {"eu"}
    assert world.outputs["sg"]["postgres"]["host"] == "pg-singapore.openova.io"


@pytest.mark.parametrize("order", list(itertools.permutations(("shared", "eu", "in"))))
def test_every_order_of_the_first_stacks_ends_with_one_writer_or_names_the_next_step(
    world: World, order: tuple[str, ...]
) -> None:
    done: set[str] = set()
    for stack in order:
        if stack != "shared" and "shared" not in done:
            with pytest.raises(ProgramError, match=r"Next step: pulumi up --stack shared"):
                world.up(stack)
        else:
            world.up(stack)
            done.add(stack)
    assert world.writers() <= {"eu"}


def test_the_edge_waits_for_every_region(world: World) -> None:
    for stack in ("shared", "eu"):
        world.up(stack)
    with pytest.raises(ProgramError, match="pulumi up --stack in"):
        world.up("global")


def test_a_switchover_hands_the_token_of_its_epoch_over(running: World) -> None:
    running.authority(TO_INDIA)
    demoted = running.up("eu")
    assert demoted["spec"]["replica"] == {
        "self": "postgresql",
        "primary": "postgresql-replica",
        "source": "postgresql-replica",
    }
    assert running.writers() == set()
    promoted = running.up("in")
    assert promoted["spec"]["replica"]["primary"] == "postgresql-replica"
    assert "demotion-token" in str(promoted["spec"]["replica"]["promotionToken"].value)
    assert running.writers() == {"in"}
    running.up("eu")
    running.up("in")
    assert running.writers() == {"in"}


def test_the_new_primary_waits_for_the_handover_and_names_the_stack(running: World) -> None:
    running.authority(TO_INDIA)
    with pytest.raises(ProgramError, match=r"demotion token.*Next step: pulumi up --stack eu"):
        running.up("in")
    assert running.writers() == {"eu"}
    inputs, warnings = running.preview("in")
    assert "promotionToken" in inputs["spec"]["replica"]
    assert any("pulumi up --stack eu" in text for text in warnings)


def test_a_token_of_another_epoch_is_not_taken(running: World) -> None:
    running.authority(TO_INDIA)
    running.up("eu")
    record = dict(running.outputs["eu"])
    record["handover"] = {**record["handover"], "value": {**record["handover"]["value"], "epoch": 1}}
    running.outputs["eu"] = record
    with pytest.raises(ProgramError, match="gave one in epoch 1"):
        running.up("in")


def test_home_again_by_a_second_switchover(running: World) -> None:
    running.authority(TO_INDIA)
    running.up("eu")
    running.up("in")
    running.authority({"primary": "eu", "previous": "in", "epoch": 3, "change": "switchover"})
    with pytest.raises(ProgramError, match="pulumi up --stack in"):
        running.up("eu")
    running.up("in")
    assert running.writers() == set()
    running.up("eu")
    assert running.writers() == {"eu"}


def test_a_failover_needs_neither_token_nor_the_lost_region(running: World) -> None:
    running.authority(LOST_EU, eu=2)
    promoted = running.up("in")
    assert "promotionToken" not in promoted["spec"]["replica"]
    assert running.writers() == {"eu", "in"}, "Europe's stack has not been up: its last word stands"
    clone = running.up("eu")
    assert clone["spec"]["bootstrap"]["pg_basebackup"]["source"] == "postgresql-replica"
    assert clone["metadata"]["annotations"]["openova.io/generation"] == "2"
    assert running.writers() == {"in"}


def mongodb(world: World, stack: str) -> Mapping[str, Any]:
    """The spec of a region's part of the replica set."""
    evaluation = run(world.job(stack, preview=False))
    spec: Mapping[str, Any] = evaluation.of_type("kubernetes:psmdb.percona.com/v1:PerconaServerMongoDB")[0].inputs[
        "spec"
    ]
    return spec


def test_a_planned_change_turns_mongodbs_managing_side_round(running: World) -> None:
    assert (mongodb(running, "eu")["unmanaged"], mongodb(running, "in")["unmanaged"]) == (False, True)
    running.authority(TO_INDIA)
    running.up("eu")
    assert (mongodb(running, "eu")["unmanaged"], mongodb(running, "in")["unmanaged"]) == (True, False)


def writer_url(world: World, stack: str) -> str:
    """Where a region's applications write."""
    evaluation = run(world.job(stack, preview=False))
    secrets = [each.inputs for each in evaluation.of_type("kubernetes:core/v1:Secret")]
    found = next(each for each in secrets if each["metadata"]["name"] == "databases")
    return str(found["stringData"].value["DATABASE_PRIMARY_URL"])


def test_applications_ask_their_own_region_first_and_a_change_of_the_writer_leaves_their_url_alone(
    running: World,
) -> None:
    hosts = {"eu": "pg-europe.openova.io:30432", "in": "pg-india.openova.io:30432"}
    before = {code: writer_url(running, code) for code in hosts}
    assert f"@{hosts['eu']},{hosts['in']}/" in before["eu"]
    assert f"@{hosts['in']},{hosts['eu']}/" in before["in"]
    running.authority(TO_INDIA)
    running.up("eu")
    assert {code: writer_url(running, code) for code in hosts} == before


def test_a_failover_without_a_majority_leaves_mongodb_alone_until_a_person_forced_it(running: World) -> None:
    running.authority(LOST_EU, eu=2)
    assert mongodb(running, "in")["unmanaged"]
    share(running.root, "mongodb.forced", {"epoch": 2, "without": ["eu"]})
    spec = mongodb(running, "in")
    assert not spec["unmanaged"]
    assert not spec["replsets"][0].get("externalNodes")
    share(running.root, "mongodb.forced", {"epoch": 2, "without": []})
    assert {node["host"] for node in mongodb(running, "in")["replsets"][0]["externalNodes"]} >= {
        "mongo-eu-0.openova.io"
    }


def test_an_abort_between_any_two_steps_never_leaves_two_writers(running: World) -> None:
    for finished in range(3):
        state = World(running.root, dict(running.outputs))
        state.authority(TO_INDIA)
        for stack in ("eu", "in")[:finished]:
            state.up(stack)
        assert len(state.writers()) <= 1
        for stack in ("eu", "in"):
            state.up(stack)
        assert state.writers() == {"in"}
        state.authority(EU_WRITES)


def test_an_old_record_is_refused(running: World) -> None:
    running.authority(TO_INDIA)
    running.up("eu")
    running.up("in")
    running.authority(EU_WRITES)
    for stack in ("eu", "in"):
        with pytest.raises(ProgramError, match="older than epoch 2"):
            running.up(stack)


def test_a_former_primary_is_never_made_a_replica_without_a_handover_or_a_new_copy(running: World) -> None:
    add_singapore(running.root)
    running.up("shared")
    running.up("sg")
    running.authority({"primary": "in", "previous": "sg", "epoch": 2, "change": "switchover"})
    with pytest.raises(ProgramError, match="without a handover or a new copy"):
        running.up("eu")
    with pytest.raises(ProgramError, match="did not write"):
        running.up("sg")
    with pytest.raises(ProgramError, match="pulumi up --stack sg"):
        running.up("in")
    assert running.writers() == {"eu"}


@pytest.mark.parametrize("order", list(itertools.permutations(("eu", "in", "sg"))))
def test_every_order_of_three_regions_through_a_switchover_ends_with_one_writer(
    running: World, order: tuple[str, ...]
) -> None:
    add_singapore(running.root)
    for stack in ("shared", "eu", "in", "sg"):
        running.up(stack)
    running.authority(TO_INDIA)
    for stack in _until_done(running, order):
        running.up(stack)
    assert running.writers() == {"in"}
    assert running.up("sg")["spec"]["replica"]["source"] == "postgresql-replica"


def _until_done(world: World, order: tuple[str, ...]) -> Iterator[str]:
    """The stacks in their order; one that has to wait is tried again after the others."""
    waiting = list(order)
    for _ in range(len(order) ** 2):
        if not waiting:
            return
        stack = waiting.pop(0)
        try:
            world.up(stack)
        except ProgramError as error:
            assert "Next step" in str(error)
            waiting.append(stack)
            continue
        assert len(world.writers()) <= 1
        yield stack
