"""Every situation that a guard can be in, all of them at once."""

from __future__ import annotations

from itertools import product

import pytest

from operations.epoch import Isolation
from operations.guard.decide import Facts, Found, Order, Reading, Turn, believable, decide

TTL, NOW = 20.0, 1000.0
OURS, THEIRS = Turn(epoch=2, primary="eu"), Turn(epoch=3, primary="in")
ISOLATIONS: tuple[Isolation, ...] = ("continue", "fence")
READINGS = (
    None,
    Reading(turn=OURS),
    Reading(turn=OURS, leased_from=NOW - 5),
    Reading(turn=OURS, leased_from=NOW - TTL),
    Reading(turn=OURS, leased_from=NOW - 500),
    Reading(turn=THEIRS),
    Reading(turn=THEIRS, leased_from=NOW - 5),
)
FOUND = (
    Found(barrier="closed"),
    Found(barrier="open"),
    Found(barrier="open", endless=True),
    Found(barrier="reading", endless=True),
    Found(barrier="reading"),
)
ALL = [
    Facts(
        region="eu",
        isolation=isolation,
        ttl=TTL,
        now=NOW,
        reading=reading,
        remembered=reading.turn if reading else remembered,
        follows=follows,
        found=found,
    )
    for isolation, reading, remembered, follows, found in product(
        ISOLATIONS, READINGS, (None, OURS, THEIRS), (None, False, True), FOUND
    )
]


def names_us(facts: Facts) -> bool:
    return facts.reading is not None and facts.reading.turn.primary == "eu"


def test_it_is_opened_to_writers_only_by_a_record_that_was_read_and_names_this_region() -> None:
    for facts in ALL:
        order = decide(facts)
        if order.barrier == "open" and not order.keep:
            assert names_us(facts)


def test_what_is_kept_open_was_opened_by_an_earlier_guard_of_this_boot() -> None:
    for facts in ALL:
        order = decide(facts)
        if order.keep:
            assert facts.reading is None
            assert facts.found.barrier == order.barrier == "open"
            assert facts.remembered is None or facts.remembered.primary == "eu"


def test_with_fence_nothing_is_open_without_an_end() -> None:
    for facts in ALL:
        order = decide(facts)
        if facts.isolation == "fence" and order.barrier != "closed":
            assert (order.seconds is not None and 0 < order.seconds <= TTL) or (order.keep and not facts.found.endless)


def test_with_fence_a_lease_ends_its_time_after_the_moment_noted_before_the_statement() -> None:
    for facts in ALL:
        order = decide(facts)
        if facts.isolation == "fence" and order.barrier == "open" and not order.keep:
            assert facts.reading is not None and facts.reading.leased_from is not None
            assert order.seconds == facts.reading.leased_from + TTL - NOW


def test_with_continue_a_record_that_was_read_once_is_enough() -> None:
    for facts in ALL:
        if facts.isolation == "continue" and names_us(facts):
            assert decide(facts).barrier == "open"


def test_another_regions_turn_closes_a_cluster_that_does_not_follow() -> None:
    for facts in ALL:
        named = facts.reading.turn if facts.reading else facts.remembered
        if named == THEIRS and not facts.follows:
            assert decide(facts).barrier == "closed"


def test_a_cluster_that_follows_is_never_closed_to_readers() -> None:
    for facts in ALL:
        if facts.follows:
            assert decide(facts).barrier in ("reading", "open")


def test_after_a_boot_without_the_record_everything_is_closed_but_a_cluster_that_follows() -> None:
    for facts in ALL:
        if facts.reading is None and facts.found.barrier == "closed":
            assert decide(facts).barrier == ("reading" if facts.follows else "closed")


def test_what_was_open_for_readers_alone_is_no_leave_to_write() -> None:
    for facts in ALL:
        if facts.reading is None and facts.found.barrier == "reading" and not facts.follows:
            assert decide(facts).barrier == "closed"


def test_every_order_says_why() -> None:
    for facts in ALL:
        assert decide(facts).why
    assert {type(decide(facts)) for facts in ALL} == {Order}


@pytest.mark.parametrize(
    ("turn", "remembered", "believed"),
    [
        (OURS, None, True),
        (OURS, OURS, True),
        (THEIRS, OURS, True),
        (OURS, THEIRS, False),
        (Turn(epoch=3, primary="eu"), THEIRS, False),
    ],
)
def test_an_older_epoch_than_was_seen_and_a_second_primary_of_one_epoch_are_not_believed(
    turn: Turn, remembered: Turn | None, believed: bool
) -> None:
    assert believable(turn, remembered) is believed
