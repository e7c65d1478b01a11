"""Work along a graph: what runs together, what is stopped by a failure, and what an interrupt leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from operations.stacks.graph import Wait, Waits
from operations.stacks.schedule import Outcome, Schedule

GRAPH: Waits = {
    "shared": (),
    "eu": (Wait("shared", ""),),
    "in": (Wait("shared", ""), Wait("eu", "")),
    "us": (Wait("shared", ""),),
    "global": (Wait("eu", "", needed=False), Wait("in", "", needed=False), Wait("us", "")),
}


def run(work: Callable[[str], bool], graph: Waits = GRAPH, at_once: int = 4) -> Mapping[str, Outcome]:
    return Schedule(graph, work, lambda name, outcome: None, at_once).run()


def test_everything_is_carried_out_after_what_it_waits_for() -> None:
    ended: list[str] = []

    def work(name: str) -> bool:
        assert all(wait.stack in ended for wait in GRAPH[name])
        ended.append(name)
        return True

    assert set(run(work).values()) == {"done"}


def test_what_does_not_wait_for_each_other_runs_together() -> None:
    both = threading.Barrier(2, timeout=60)

    def work(name: str) -> bool:
        if name in ("eu", "us"):
            both.wait()
        return True

    assert set(run(work).values()) == {"done"}


def test_no_more_run_at_a_time_than_are_allowed() -> None:
    running = threading.Semaphore(1)

    def work(name: str) -> bool:
        alone = running.acquire(blocking=False)
        running.release()
        return alone

    assert set(run(work, at_once=1).values()) == {"done"}


def test_a_failure_stops_what_needs_it_and_nothing_else() -> None:
    assert run(lambda name: name != "eu") == {
        "shared": "done",
        "eu": "failed",
        "in": "stopped",
        "us": "done",
        "global": "done",
    }


def test_what_is_stopped_stops_others_in_turn_whatever_their_order() -> None:
    graph: Waits = {"last": (Wait("middle", ""),), "middle": (Wait("first", ""),), "first": ()}
    assert run(lambda name: False, graph) == {"last": "stopped", "middle": "stopped", "first": "failed"}


def test_what_begins_beside_something_that_fails_is_cut_short_as_soon_as_it_can_be_reached() -> None:
    graph: Waits = {"eu": (), "in": (Wait("eu", "", at_end=True),), "global": (Wait("in", ""),)}
    begun, reached = threading.Event(), threading.Event()
    asked: list[str] = []

    def work(name: str) -> bool:
        if name == "eu":
            begun.wait(60)
        else:
            begun.set()
            reached.wait(60)
        return False

    def cut(name: str) -> bool:
        asked.append(name)
        if len(asked) == 2:
            reached.set()
        return reached.is_set()

    found = Schedule(graph, work, lambda name, outcome: None, 4, cut).run()
    assert found == {"eu": "failed", "in": "stopped", "global": "stopped"}
    assert asked == ["in", "in"]


def test_what_begins_beside_something_that_it_needs_is_not_begun_any_more_after_a_failure() -> None:
    graph: Waits = {"eu": (), "in": (Wait("eu", "", at_end=True),)}
    assert run(lambda name: name != "eu", graph, at_once=1) == {"eu": "failed", "in": "stopped"}


def test_after_an_interrupt_what_runs_is_waited_for_and_nothing_begins() -> None:
    begun: list[str] = []

    def work(name: str) -> bool:
        begun.append(name)
        if name == "shared":
            schedule.interrupt()
        return name == "shared"

    schedule = Schedule(GRAPH, work, lambda name, outcome: None, 4)
    outcomes = schedule.run()
    assert begun == ["shared"]
    assert outcomes["shared"] == "done"
    assert set(outcomes.values()) == {"done", "interrupted"}
