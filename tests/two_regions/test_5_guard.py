"""Guards in both regions, turned on in a platform that writes, after the changes of authority of the tests before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from lab import s3
from lab.apply import apply
from lab.guard_root import guard_root
from lab.host import Host
from lab.postgres import until
from lab.road import Traffic
from settings.project import read_yaml
from tests.planning import ROOT
from tests.two_regions.conftest import Regions
from tests.two_regions.probes import Probe

pytestmark = [pytest.mark.lab, pytest.mark.regions]
CLOSED, OPEN, READING = "closed", "open", "reading"
SECONDS = 90
WRITE = 'psql -Xq -v ON_ERROR_STOP=1 "$DATABASE_PRIMARY_URL" -c "create table if not exists guarded (id int)"'
READ = 'psql -XtAq -v ON_ERROR_STOP=1 "$DATABASE_REPLICA_URL" -c "select 1"'


@pytest.fixture(scope="module")
def guarded(regions: Regions) -> Iterator[Regions]:
    """The record is written first, as docs/authority.md has it for a later epoch than the first."""
    if absent := s3.missing() or ("" if guard_root().exists() else "needs the guard's image (python -m lab guard)"):
        pytest.skip(absent)
    lab = regions.lab
    lab.begin(ROOT, lambda text: None, Traffic(), "fence")
    authority = read_yaml(lab.project / "Pulumi.yaml")["config"]["authority"]["value"]
    lab.store.openova_record("claim", *(f"--{key}={value}" for key, value in authority.items()))
    apply(lab, lambda stack, what, seconds: None)
    wait(regions, "eu", OPEN)
    wait(regions, "in", READING)
    yield regions
    lab.road.set(Traffic())


def stated(regions: Regions, code: str) -> set[str]:
    """The barriers that the region's nodes last stated."""
    said: dict[str, Any] = regions.lab.store.openova_record("show", code)
    return {item["statement"]["barrier"] for item in said["statements"][code]}


def loaded(host: Host) -> str:
    """What the host's own kernel has."""
    for name, barrier in (("writing", OPEN), ("reading", READING)):
        if "elements" in host.console(f"nft list set inet openova_guard {name}").stdout:
            return barrier
    return CLOSED


def wait(regions: Regions, code: str, barrier: str) -> None:
    hosts = regions.lab.of(code)
    until(lambda: {loaded(host) for host in hosts} == {barrier}, f"{code} is not {barrier}", seconds=SECONDS)


def claim(regions: Regions, primary: str, previous: str, change: str) -> int:
    """The next epoch, in the record alone."""
    now = int(regions.lab.store.openova_record("show")["record"]["record"]["epoch"])
    told = {"epoch": now + 1, "primary": primary, "previous": previous, "change": change}
    regions.lab.store.openova_record("claim", *(f"--{key}={value}" for key, value in told.items()))
    return now + 1


def test_turned_on_in_a_platform_that_writes_it_goes_on_writing(guarded: Regions, in_europe: list[Probe]) -> None:
    for probe in in_europe:
        until(lambda probe=probe: probe.run(WRITE).code == 0, "Europe does not write", seconds=SECONDS)  # type: ignore[misc]
    assert stated(guarded, "eu") == {OPEN}


def test_a_record_that_names_india_shuts_europe_and_india_goes_on_reading(
    guarded: Regions, in_europe: list[Probe], in_india: list[Probe]
) -> None:
    claim(guarded, "in", "eu", "failover")
    wait(guarded, "eu", CLOSED)
    for probe in (*in_europe, *in_india):
        assert probe.run(WRITE).code != 0
    for probe in in_india:
        assert probe.run(READ).text == "1"
    until(lambda: stated(guarded, "eu") == {CLOSED}, "Europe does not say that it is shut", seconds=SECONDS)
    claim(guarded, "eu", "in", "switchover")
    wait(guarded, "eu", OPEN)
    until(lambda: in_europe[0].run(WRITE).code == 0, "Europe does not write", seconds=SECONDS)
    guarded.india.wait_healthy(lambda text: None)


def test_without_the_store_the_writing_region_shuts_itself_and_its_standbys_stream_on(
    guarded: Regions, in_europe: list[Probe], in_india: list[Probe]
) -> None:
    guarded.lab.road.set(Traffic(store=("eu",)))
    wait(guarded, "eu", CLOSED)
    assert in_europe[0].run(WRITE).code != 0
    assert in_india[0].run(READ).text == "1"
    assert guarded.europe.state()["followers"] >= len(guarded.europe.pods) - 1
    guarded.lab.road.set(Traffic())
    wait(guarded, "eu", OPEN)
    until(lambda: in_europe[0].run(WRITE).code == 0, "Europe does not write", seconds=SECONDS)


def test_a_node_that_boots_without_the_store_stays_shut_until_it_has_read(guarded: Regions) -> None:
    host = guarded.lab.of("eu")[-1]
    guarded.lab.road.set(Traffic(store=("eu",)))
    host.cut_power()
    host.start()
    host.wait()
    for _ in range(20):
        assert loaded(host) == CLOSED
        time.sleep(1)
    guarded.lab.road.set(Traffic())
    wait(guarded, "eu", OPEN)
