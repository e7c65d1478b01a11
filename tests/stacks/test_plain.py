"""Plain `pulumi up`, stack by stack: every wrong order is refused, the right one leaves nothing to do; then it grows.

One story: each test goes on from where the one before left the stacks.
"""

from __future__ import annotations

import itertools
import json

import pytest

from tests.edge.projects import add_region
from tests.projects import edit
from tests.stacks.conftest import MESH, REGIONS, STACKS, Platform

pytestmark = pytest.mark.engine

RIGHT = (("shared", "eu", "in", "global"), ("shared", "in", "eu", "global"))
Step = tuple[tuple[str, ...], str]
"""Stacks that have been brought up, and the next one."""


def first_wrong(order: tuple[str, ...]) -> Step:
    """Where an order leaves every right one: what has been brought up until then does not depend on its own order."""
    for count, stack in enumerate(order):
        if not any(right[: count + 1] == order[: count + 1] for right in RIGHT):
            return tuple(sorted(order[:count], key=STACKS.index)), stack
    raise AssertionError(f"{order} is right")


ORDERS = [order for order in itertools.permutations(STACKS) if order not in RIGHT]
WRONG = sorted({first_wrong(order) for order in ORDERS}, key=lambda step: (len(step[0]), step))
CERTIFICATE = {"mongodb-keys-member-request", "mongodb-keys-member"}
"""Holds the names of every region's members: issued anew with a new region, by the same authority, for the same key."""

NEXT = {
    ((), "eu"): "shared",
    ((), "in"): "shared",
    ((), "global"): "eu",
    (("shared",), "global"): "eu",
    (("shared", "eu"), "global"): "in",
    (("shared", "in"), "global"): "eu",
}


def test_all_twenty_two_wrong_orders_go_wrong_in_one_of_six_steps() -> None:
    assert len(ORDERS) == 22
    assert set(WRONG) == set(NEXT)


@pytest.mark.parametrize(("before", "stack"), WRONG, ids=lambda part: part if isinstance(part, str) else "-".join(part))
def test_a_wrong_step_is_refused_before_anything_is_made_and_names_the_next_one(
    platform: Platform, before: tuple[str, ...], stack: str
) -> None:
    for other in STACKS:
        made = platform.resources(other)
        if made and other not in before:
            platform.engine.pulumi("destroy", "--stack", other, "--yes", "--skip-preview")
        if not made and other in before:
            platform.engine.pulumi("up", "--stack", other, "--yes", "--skip-preview")
    done = platform.engine.pulumi("up", "--stack", stack, "--yes", "--skip-preview", check=False)
    assert done.returncode != 0
    assert f"Next step: pulumi up --stack {NEXT[before, stack]}" in done.stdout
    assert "Nothing was changed." in done.stdout
    assert "Traceback" not in done.stdout
    assert platform.resources(stack) == set()


def test_the_rest_in_order_leaves_nothing_to_change_and_no_drift(platform: Platform) -> None:
    for stack in ("shared", "in", "eu", "global"):
        platform.engine.pulumi("up", "--stack", stack, "--yes", "--skip-preview")
    told = platform.openova("up", "--stack", "in")
    assert told.code == 0, "its mesh gets the addresses of eu, which was not there at its turn"
    for stack in STACKS:
        platform.engine.pulumi("preview", "--stack", stack, "--refresh", "--expect-no-changes")


def test_a_third_region_is_an_edit_and_touches_of_the_others_what_must_know_it(platform: Platform) -> None:
    before = {stack: _identities(platform, stack) for stack in STACKS}
    add_region(platform.root)
    edit(platform.root / "Pulumi.us.yaml", "config.openova:acknowledged", [MESH])
    refused = platform.openova("up")
    assert refused.code == 2
    assert "pulumi stack init us" in refused.progress

    platform.engine.pulumi("stack", "init", "us")
    told = platform.openova("up")
    assert told.code == 0, told.progress
    assert set(told.outcomes.values()) == {"done"}
    assert {code: {*told.of(code)["changes"]} for code in REGIONS} == {code: {"update"} for code in REGIONS}
    assert {"update", "create"} >= {*told.of("global")["changes"]}
    for stack in STACKS:
        after = _identities(platform, stack)
        replaced = {urn.rpartition("::")[2] for urn, identity in before[stack].items() if after.get(urn) != identity}
        assert replaced <= (CERTIFICATE if stack == "shared" else set()), "neither keys nor passwords nor databases"
    assert {name[:-2] for known in platform.mesh("eu") for name in known} == {"contabo-in", "contabo-us"}
    assert len(platform.api.account.tables["pools"]) == 3
    for stack in (*STACKS, "us"):
        platform.engine.pulumi("preview", "--stack", stack, "--expect-no-changes")


def _identities(platform: Platform, stack: str) -> dict[str, str]:
    """The IDs by which the providers know what a stack holds."""
    state = json.loads(platform.engine.pulumi("stack", "export", "--stack", stack).stdout)
    return {item["urn"]: item["id"] for item in state["deployment"]["resources"] if "id" in item}
