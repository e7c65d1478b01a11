"""Figures of a drill, from events that are made up so that each figure is known beforehand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from operations.drill.events import Events, Read, Write, parse
from operations.drill.measure import lost, pauses, reading, took, twice


def write(ended: float, number: int = 0, cluster: str = "old", region: str = "eu") -> Write:
    return Write(ended, ended - 0.01, region, number, cluster=cluster)


def every(seconds: float, begun: float, ended: float, cluster: str = "old") -> list[Write]:
    count = round((ended - begun) / seconds)
    return [write(begun + number * seconds, number, cluster) for number in range(count + 1)]


def test_a_pause_is_the_time_between_two_acknowledged_rows() -> None:
    found = pauses([*every(0.1, 0, 10), *every(0.1, 17, 20, "new")], 0, 20)
    assert [(round(pause.at, 3), round(pause.seconds, 3)) for pause in found] == [(10, 7)]


def test_rows_that_failed_end_no_pause() -> None:
    failed = [replace(write(5.0 + number), cluster="", reason="no") for number in range(5)]
    assert [round(pause.seconds, 3) for pause in pauses([write(1), *failed, write(11)], 1, 11)] == [10]


def test_silence_up_to_the_end_is_a_pause_too() -> None:
    assert [pause.seconds for pause in pauses([write(1)], 1, 9)] == [8]


def test_lost_are_acknowledged_rows_that_the_writer_does_not_have() -> None:
    writes = [write(number / 10, number) for number in range(100)]
    found = lost(writes, {"eu": frozenset(range(95))})
    assert (found.rows, round(found.seconds, 3)) == (5, 0.4)


def test_a_row_that_is_there_without_an_acknowledgement_is_not_lost() -> None:
    failed = replace(write(1, 7), cluster="", reason="the answer did not come")
    assert lost([failed], {}).rows == 0
    assert lost([failed], {"eu": frozenset({7})}).rows == 0


def test_the_same_number_from_another_region_is_another_row() -> None:
    assert lost([write(1, 7, region="in")], {"eu": frozenset({7})}).rows == 1


def test_two_writers_at_one_time_are_counted_from_the_first_row_of_the_new_one() -> None:
    old, new = every(0.1, 0, 12), every(0.1, 10, 20, "new")
    found = twice([*old, *new], "old", "new", since=5)
    assert (round(found.seconds, 3), found.rows) == (2, 20)


def test_one_after_the_other_is_never_two_at_one_time() -> None:
    assert twice([*every(0.1, 0, 5), *every(0.1, 6, 9, "new")], "old", "new", since=0).rows == 0


def test_reads_that_fail_and_reads_that_are_missing_are_told_apart() -> None:
    reads = [Read(number / 10, number / 10 - 0.01, "in", cluster="copy") for number in range(50)]
    reads += [Read(5 + number, 4 + number, "in", reason="timeout") for number in range(5)]
    reads += [Read(4.95, 4.9, "in", cluster="copy", twice=True)]
    found = reading(reads, 0, 10)
    assert (found.asked, found.failed, found.twice, round(found.longest, 2)) == (56, 5, 1, 5.05)
    assert round(found.availability, 4) == round(51 / 56, 4)


def test_nothing_asked_is_nothing_failed() -> None:
    assert reading([], 0, 1).availability == 1
    assert took([], 0, 1) == (0, 0)


def test_lines_that_are_none_say_nothing() -> None:
    for line in ("", "Traceback (most recent call last):", "[1]", '{"writes":[[1]]}', '{"writes":null}', '{"wri'):
        assert parse(line, "eu") == ([], [])


def test_a_pods_own_log_replaces_what_was_heard_unless_it_has_less() -> None:
    heard, whole = Events(), Events()
    line = '{"writes":[[1,1.0,1.1,"a"],[2,1.2,1.3,"a"]]}'
    for events in (heard, whole):
        events.add(parse(line, "eu"))
    heard.replace([parse('{"writes":[[2,1.2,1.3,"a"]]}', "eu")])
    assert (len(heard.writes), heard.whole) == (2, False)
    whole.replace([parse(line, "eu"), parse('{"writes":[[3,1.4,1.5,"a"]],"reads":[[1.0,1.1,"a",false]]}', "eu")])
    assert (len(whole.writes), len(whole.reads), whole.whole) == (3, 1, True)


@given(st.lists(st.floats(0, 100), max_size=60), st.sets(st.integers(0, 59)))
def test_no_row_is_both_there_and_lost(times: list[float], there: set[int]) -> None:
    writes = [write(ended, number) for number, ended in enumerate(times)]
    found = lost(writes, {"eu": frozenset(there)})
    assert found.rows == len([number for number in range(len(times)) if number not in there])
    assert found.seconds >= 0


@given(st.lists(st.floats(0, 100), max_size=60))
def test_pauses_never_overlap_and_lie_within(times: list[float]) -> None:
    found = pauses([write(ended, number) for number, ended in enumerate(times)], 0, 100)
    assert sum(pause.seconds for pause in found) <= 100 + 1e-6
    for one, other in pairwise(found):
        assert one.at + one.seconds <= other.at + 1e-6
