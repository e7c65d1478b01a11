"""Hosts that all tests of this package share, and how far the program has brought them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab import debian
from lab.host import Host
from lab.world import EUROPE, INDIA
from tests.hosts import engine
from tests.hosts import lab as labs
from tests.hosts.engine import Engine, Outcome
from tests.hosts.lab import Lab
from tests.hosts.machine import state


@pytest.fixture(scope="package")
def machine_before() -> dict[str, str]:
    """The machine as it was before the first host."""
    if absent := debian.missing():
        pytest.skip(absent)
    return state()


@pytest.fixture(scope="package")
def lab(machine_before: dict[str, str]) -> Iterator[Lab]:
    """Six booted hosts, fresh until a later fixture works on them."""
    with labs.lab() as made:
        made.boot()
        yield made


@pytest.fixture
def fresh(lab: Lab) -> Iterator[Host]:
    """A host that nobody has touched."""
    with lab.another(EUROPE, 9) as host:
        yield host


@dataclass(frozen=True)
class Step:
    """What the engine did, and the engine, for the next one."""

    engine: Engine
    outcome: Outcome
    lab: Lab


@pytest.fixture(scope="package")
def europe_alone(lab: Lab) -> Step:
    """Europe is up; of India nobody knows more than its keys."""
    if absent := engine.missing():
        pytest.skip(absent)
    lab.plan["up"] = [EUROPE.code]
    lab.region(EUROPE)["knows"] = [EUROPE.code]
    running = Engine(lab)
    return Step(running, succeeded(running.up()), lab)


@pytest.fixture(scope="package")
def both(europe_alone: Step) -> Step:
    """India has come later. It dials Europe, whose nodes still know no endpoint of India."""
    running, lab = europe_alone.engine, europe_alone.lab
    lab.plan["up"] = [EUROPE.code, INDIA.code]
    return Step(running, succeeded(running.up()), lab)


def succeeded(outcome: Outcome) -> Outcome:
    """The outcome. Raises AssertionError, with the end of what the engine said, where it failed."""
    assert outcome.code == 0, outcome.text[-4000:]
    return outcome
