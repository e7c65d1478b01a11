"""Databases are reached over the mesh and by no other way, from every node of every region."""

from __future__ import annotations

import pytest

from lab.host import Host
from lab.world import OFFICE, STRANGER
from tests.hosts.pings import doors, unreachable
from tests.two_regions.conftest import Regions
from tests.two_regions.probes import Probe

pytestmark = [pytest.mark.lab, pytest.mark.regions]

PORT = 30432


def test_the_way_between_the_regions_takes_150_ms(regions: Regions) -> None:
    assert not unreachable(regions.lab.hosts.values())
    europe, india = regions.lab.of("eu")[0], regions.lab.of("in")[0]
    for address in (india.mesh_address, india.address):
        assert 150 <= _milliseconds(europe, address) < 250
    assert _milliseconds(europe, regions.lab.of("eu")[1].address) < 50


def _milliseconds(host: Host, address: str) -> float:
    """The best of three pings."""
    summary = host.told(f"ping -q -c3 -i0.3 -W2 {address}").splitlines()[-1]
    return float(summary.split("=")[1].split("/")[0])


def test_databases_answer_over_the_mesh_at_every_node_and_never_on_the_public_side(
    regions: Regions, in_europe: list[Probe], in_india: list[Probe]
) -> None:
    hosts = regions.lab.hosts.values()
    for probe in (*in_europe, *in_india):
        over_the_mesh = _answering(probe, [host.mesh_address for host in hosts])
        assert over_the_mesh == [host.mesh_address for host in hosts], probe.node
        assert _answering(probe, [host.address for host in hosts]) == [], probe.node


def _answering(probe: Probe, addresses: list[str]) -> list[str]:
    script = "\n".join(
        f"(pg_isready -q -t 4 -h {address} -p {PORT} && echo {address} > /tmp/up-{number}) &"
        for number, address in enumerate(addresses)
    )
    return probe.told(f"rm -f /tmp/up-*\n{script}\nwait; cat /dev/null $(ls /tmp/up-* 2>/dev/null | sort -V)").split()


def test_nobody_outside_meets_a_database(regions: Regions) -> None:
    for host in regions.lab.hosts.values():
        for source in (OFFICE, STRANGER):
            assert doors(host, source, PORT, 5432) == {PORT: "silent", 5432: "silent"}


def test_writes_go_to_europe_and_reads_stay_at_home(
    regions: Regions, in_europe: list[Probe], in_india: list[Probe]
) -> None:
    regions.europe.sql("create table visits (region text); grant all on visits to app")
    for probe in (*in_europe, *in_india):
        probe.sql("PRIMARY", "insert into visits values ('$REGION')")
    assert regions.europe.sql("select count(*) from visits") == "6"
    for code, found in (("eu", in_europe), ("in", in_india)):
        network = {"eu": "10.42.", "in": "10.44."}[code]
        for probe in found:
            at, standby = probe.sql("REPLICA", "select host(inet_server_addr()), pg_is_in_recovery()").split("|")
            assert at.startswith(network), probe.node
            assert standby == "t"


def test_with_a_node_down_its_neighbours_still_answer(regions: Regions, in_india: list[Probe]) -> None:
    lost = next(host for host in regions.lab.of("eu") if host.number == 3)
    lost.cut_power()
    try:
        for probe in in_india:
            assert probe.sql("PRIMARY", "select pg_is_in_recovery()", seconds=120) == "f"
    finally:
        lost.start()
        lost.wait()
    regions.europe.wait_healthy(print)
    assert not unreachable(regions.lab.hosts.values())
