"""All stacks by one command, on the real engine: from nothing, in parallel, through failures, and to the end.

One story: each test goes on from where the one before left the stacks.
"""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.projects import edit, share
from tests.stacks.conftest import REGIONS, STACKS, Platform
from tests.turns import TO_INDIA

pytestmark = pytest.mark.engine

DONE = dict.fromkeys(STACKS, "done")


def began(platform: Platform) -> None:
    """Forget which regions' commands ran."""
    for code in REGIONS:
        (platform.folder / f"{code}.began").unlink(missing_ok=True)


def test_an_empty_account_previews_every_stack_at_once(platform: Platform) -> None:
    told = platform.openova("preview")
    assert told.code == 0, told.progress
    assert told.outcomes == DONE
    assert all(told.of(stack)["changes"]["create"] > 1 for stack in STACKS)
    assert any("Next step: pulumi up --stack shared" in text for text in told.of("eu")["warnings"])


def test_a_stack_before_its_turn_passes_the_programs_own_next_step_on(platform: Platform) -> None:
    told = platform.openova("up", "--stack", "in")
    assert told.code == 1
    (error,) = told.of("in")["errors"]
    assert "Next step: pulumi up --stack shared" in error
    assert "Traceback" not in error + told.progress


def test_a_failure_in_the_middle_stops_what_needs_it_and_the_next_up_repairs_it(platform: Platform) -> None:
    """The copy is made beside its source, and cannot come to its end without it: it is cut short."""
    broken, long = platform.tell("eu.fails"), platform.tell("long")
    told = platform.openova("up")
    assert told.code == 1
    assert told.outcomes == {"shared": "done", "eu": "failed", "in": "stopped", "global": "stopped"}
    assert any("no space left on the volume of eu" in text for text in told.of("eu")["errors"])
    assert (told.of("in")["stoppedBy"], told.of("in")["errors"]) == (["eu"], [])
    for code in REGIONS:
        assert f"{code}-mesh" in platform.resources(code), "what was made before the failure is known"
    assert platform.locks() == []

    broken.unlink()
    long.unlink()
    told = platform.openova("up")
    assert told.code == 0, told.progress
    assert told.outcomes == DONE
    assert told.of("shared")["changes"] == {}


def test_each_regions_mesh_has_the_addresses_of_the_other_from_the_first_round_on(platform: Platform) -> None:
    (known,) = platform.mesh("eu")
    assert sorted(known) == ["contabo-in-1", "contabo-in-2", "contabo-in-3"]
    (known,) = platform.mesh("in")
    assert sorted(known) == ["contabo-eu-1", "contabo-eu-2", "contabo-eu-3"]


def test_an_up_after_an_up_finds_nothing_to_do_and_neither_does_a_preview(platform: Platform) -> None:
    for command in ("up", "preview"):
        told = platform.openova(command)
        assert told.code == 0, told.progress
        assert told.outcomes == DONE
        assert {stack: told.of(stack)["changes"] for stack in STACKS} == {stack: {} for stack in STACKS}
        assert {stack: told.of(stack)["rounds"] for stack in STACKS} == dict.fromkeys(STACKS, 1)


def test_a_server_with_another_address_reaches_the_other_region_and_the_edge(platform: Platform) -> None:
    edit(platform.root / "Pulumi.in.yaml", "config.openova:nodes.contabo-in-1.address", "198.51.100.77")
    told = platform.openova("up", "--stack", "in")
    assert told.code == 0, told.progress
    assert told.document["nextSteps"] == [
        "openova up --stack eu --stack global   (it reads addresses that have changed)"
    ]
    told = platform.openova("up", "--stack", "eu", "--stack", "global")
    assert told.code == 0, told.progress
    assert platform.mesh("eu")[0]["contabo-in-1"] == "198.51.100.77"
    assert "198.51.100.77" in str(platform.api.account.tables["pools"])


def test_who_began_before_the_other_had_its_new_address_is_brought_up_once_more(platform: Platform) -> None:
    edit(platform.root / "Pulumi.in.yaml", "config.openova:nodes.contabo-in-1.address", "198.51.100.78")
    told = platform.openova("up")
    assert told.code == 0, told.progress
    assert {stack: told.of(stack)["rounds"] for stack in STACKS} == {"shared": 1, "eu": 2, "in": 1, "global": 1}
    assert platform.mesh("eu")[0]["contabo-in-1"] == "198.51.100.78"


def test_regions_that_do_not_wait_for_each_other_run_at_the_same_time(platform: Platform) -> None:
    """Each region's command ends only when it has seen the other's begin."""
    share(platform.root, "authority", TO_INDIA)
    began(platform)
    told = platform.openova("up")
    assert told.code == 0, told.progress
    assert told.of("in")["changes"], "it waited for the token of eu"

    share(platform.root, "authority", {"primary": "in", "previous": "in", "epoch": 3, "change": "switchover"})
    told = platform.openova("up")
    assert told.code == 2, "a broken record is told before anything is begun"
    assert "openova:authority.previous" in told.progress

    share(platform.root, "authority", {"primary": "in", "previous": "eu", "epoch": 3, "change": "failover"})
    share(platform.root, "regions.0.postgres", {"cluster": "postgresql", "generation": 3, "cloneFrom": "in"})
    told = platform.openova("up")
    assert told.code == 0, told.progress

    meet = platform.tell("meet")
    began(platform)
    for code in REGIONS:
        platform.engine.pulumi("state", "taint", "--stack", code, _urn(platform, code, f"{code}-database"), "--yes")
    told = platform.openova("up")
    meet.unlink()
    assert told.code == 0, told.progress


def _urn(platform: Platform, stack: str, name: str) -> str:
    state = json.loads(platform.engine.pulumi("stack", "export", "--stack", stack).stdout)
    (found,) = (item["urn"] for item in state["deployment"]["resources"] if item["urn"].endswith(f"::{name}"))
    return str(found)


def test_an_old_record_is_refused_in_the_programs_own_words(platform: Platform) -> None:
    share(platform.root, "authority", {"primary": "eu", "epoch": 1})
    share(platform.root, "regions.0.postgres", {"cluster": "postgresql", "generation": 1})
    try:
        told = platform.openova("up")
    finally:
        share(platform.root, "authority", {"primary": "in", "previous": "eu", "epoch": 3, "change": "failover"})
        share(platform.root, "regions.0.postgres", {"cluster": "postgresql", "generation": 3, "cloneFrom": "in"})
    assert told.code == 1
    for code in REGIONS:
        (error,) = told.of(code)["errors"]
        assert error.startswith("Epoch 1 is older than epoch 3, which"), error
        assert error.endswith("Nothing was changed.")


def test_an_interrupt_lets_what_runs_end_gives_the_locks_back_and_is_repaired(platform: Platform) -> None:
    long = platform.tell("long")
    began(platform)
    for code in REGIONS:
        platform.engine.pulumi("state", "taint", "--stack", code, _urn(platform, code, f"{code}-database"), "--yes")
    process = platform.start("up", "--json")
    deadline = time.monotonic() + 300
    while not all((platform.folder / f"{code}.began").exists() for code in REGIONS) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    long.unlink()
    told = platform.ended(process)
    assert told.code == 1
    assert told.outcomes["global"] == "interrupted"
    assert "Interrupted" in told.progress
    assert "Traceback" not in told.progress
    assert platform.locks() == []
    told = platform.openova("up")
    assert told.code == 0, told.progress
    assert told.outcomes == DONE


def test_what_is_protected_keeps_everything_until_it_is_excluded(platform: Platform) -> None:
    edit(platform.root / "Pulumi.eu.yaml", "config.openova:protect", True)
    assert platform.openova("up", "--stack", "eu").code == 0
    before = {stack: platform.resources(stack) for stack in STACKS}
    told = platform.openova("destroy", "--yes")
    assert told.code == 1
    assert "eu protects 1: eu-database" in told.progress
    assert {stack: platform.resources(stack) for stack in STACKS} == before

    told = platform.openova("destroy", "--exclude-protected")
    assert told.code == 2, "a script says --yes"

    told = platform.openova("destroy", "--yes", "--exclude-protected")
    assert told.code == 0, told.progress
    assert "eu-database" in told.of("eu")["kept"]
    assert platform.resources("in") == platform.resources("global") == set()
    assert platform.resources("shared") == before["shared"], "the keys stay as long as a database does"
    assert any("eu holds" in text for text in told.of("shared")["warnings"])


def test_a_destroy_takes_everything_traffic_first_and_keys_last(platform: Platform) -> None:
    edit(platform.root / "Pulumi.eu.yaml", "config.openova:protect", False)
    told = platform.openova("up")
    assert told.code == 0, told.progress
    told = platform.openova("destroy", "--yes")
    assert told.code == 0, told.progress
    assert list(told.outcomes) == ["global", "in", "eu", "shared"] or list(told.outcomes) == [
        "global", "eu", "in", "shared",
    ]  # fmt: skip
    assert {stack: platform.resources(stack) for stack in STACKS} == {stack: set() for stack in STACKS}
