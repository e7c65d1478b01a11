"""When a region is silent: the rule, and the rule against a model of guards whose lease runs out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.epoch import Stated, Versioned, silence_of
from operations.epoch.silence import GRAIN
from tests.operations.epoch.records import AT, record, statement

TTL, MARGIN = 20.0, 3.0
CLAIM = Versioned(record=record(2, "in", change="failover"), version="v", stored=AT)


def stated(before: float, **more: object) -> Stated:
    """A statement that the store took `before` seconds before the claim."""
    return Stated(statement=statement(**more), stored=AT - timedelta(seconds=before))


def seconds(*said: Stated, nodes: tuple[str, ...] = ("eu-1",)) -> float | None:
    return silence_of(CLAIM, said, nodes, MARGIN).seconds


def test_time_that_passed_before_the_claim_counts() -> None:
    assert seconds(stated(12)) == TTL - 12 + GRAIN + MARGIN


def test_a_lease_that_has_run_out_leaves_the_margin_alone() -> None:
    assert seconds(stated(500)) == MARGIN


def test_the_last_of_all_nodes_decides() -> None:
    assert seconds(stated(15), stated(3, node="eu-2"), nodes=("eu-1", "eu-2")) == TTL - 3 + GRAIN + MARGIN


def test_a_node_that_states_its_barrier_after_reading_the_new_epoch_is_not_waited_for() -> None:
    for barrier in ("closed", "reading"):
        silence = silence_of(CLAIM, [stated(-2, epoch=2, barrier=barrier)], ["eu-1"], MARGIN)
        assert silence.confirmed
        assert silence.seconds == 0


def test_a_barrier_that_was_closed_in_an_older_epoch_may_have_opened_since() -> None:
    assert seconds(stated(4, barrier="closed")) == TTL - 4 + GRAIN + MARGIN
    assert seconds(stated(4, barrier="closed", isolation="continue")) is None


def test_a_statement_after_the_claim_hides_the_one_before_it() -> None:
    assert seconds(stated(-5)) == TTL + MARGIN


def test_the_lease_is_the_one_that_the_guard_stated_whatever_the_configuration_says_now() -> None:
    assert seconds(stated(0, ttl=60.0)) == 60 + MARGIN


@pytest.mark.parametrize(
    ("said", "nodes", "reason"),
    [
        ([stated(3, isolation="continue")], ["eu-1"], "eu-1: it goes on without the record"),
        ([stated(3)], ["eu-1", "eu-2"], "eu-2: it has never stated anything"),
        ([], [], "no node is known"),
    ],
)
def test_where_waiting_does_not_help_it_says_why(said: list[Stated], nodes: list[str], reason: str) -> None:
    silence = silence_of(CLAIM, said, nodes, MARGIN)
    assert silence.seconds is None
    assert not silence.confirmed
    assert silence.unknown[0].startswith(reason)


def test_a_node_that_nobody_lists_any_more_counts_too() -> None:
    assert seconds(stated(500), stated(0, node="eu-9")) == TTL + MARGIN


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_an_older_statement_never_makes_the_wait_longer(one: float, other: float) -> None:
    older, newer = max(one, other), min(one, other)
    first, second = seconds(stated(older)), seconds(stated(newer))
    assert first is not None and second is not None
    assert MARGIN <= first <= second + 1e-6 <= TTL + GRAIN + MARGIN + 1e-6


@dataclass
class World:
    """The store, in true time; its own clock shows whole seconds, cut off, and is `skew` away from everybody's."""

    skew: float
    now: float = 0.0
    claimed: float | None = None
    statements: list[float] = field(default_factory=list)
    leases: list[float] = field(default_factory=list)

    def shown(self, moment: float) -> timedelta:
        return timedelta(seconds=float((moment + self.skew) // 1))


@given(
    gaps=st.lists(st.floats(0.01, 4), min_size=4, max_size=40),
    steps=st.lists(st.sampled_from(("state", "read")), min_size=4, max_size=40),
    claim_at=st.floats(0, 60),
    looks_after=st.floats(0, 10),
    skew=st.floats(-3600, 3600),
)
def test_no_lease_of_any_guard_outlives_the_wait(
    gaps: list[float], steps: list[str], claim_at: float, looks_after: float, skew: float
) -> None:
    """A guard notes the time, states, reads, each as late and as often as it likes, and whether or not it gets through
    in that order; the claimer claims, then reads what was stated."""
    world, noted = World(skew), None
    for gap, step in zip(gaps, steps, strict=False):
        world.now += gap
        if step == "state":
            noted = world.now - gap / 2
            world.statements.append(world.now)
        elif noted is not None and world.now <= claim_at:
            world.leases.append(noted + TTL)
        else:
            noted = None
    last = max((moment for moment in world.statements if moment <= claim_at + looks_after), default=None)
    if last is None:
        assert not world.leases
        return
    claim = CLAIM.model_copy(update={"stored": AT + world.shown(claim_at)})
    said = Stated(statement=statement(), stored=AT + world.shown(last))
    wait = silence_of(claim, [said], ["eu-1"], margin=0).seconds
    assert wait is not None
    assert all(end <= claim_at + wait + 1e-6 for end in world.leases)
