"""A host of a running region loses its power, and comes back without anybody's help."""

from __future__ import annotations

import time

import pytest

from lab.world import EUROPE, OFFICE, STRANGER
from tests.hosts.conftest import Step, succeeded
from tests.hosts.pings import doors, unreachable

pytestmark = [pytest.mark.hosts, pytest.mark.engine]

RULES = "nft list table inet edge | sed 's/packets [0-9]* bytes [0-9]*//'"
STARTED = "systemctl show --value --property=ActiveEnterTimestampMonotonic "


def test_firewall_mesh_and_k3s_come_back_by_themselves_and_in_this_order(both: Step) -> None:
    host, *others = both.lab.of(EUROPE)[::-1]
    rules, process = host.told(RULES), host.told("cat /proc/sys/kernel/random/boot_id; systemctl show -p MainPID k3s")

    host.cut_power()
    assert [line for line in others[0].told("k3s kubectl get nodes").splitlines() if "False" in line] == ["eu-3 False"]
    assert others[0].told("curl -sk https://127.0.0.1:6443/readyz") == "ok", "two of three go on"
    host.start()
    host.wait()

    deadline = time.monotonic() + 40
    while host.console("curl -sk https://127.0.0.1:6443/readyz").stdout != "ok" and time.monotonic() < deadline:
        time.sleep(1)
    assert others[0].told("k3s kubectl get nodes").count("True") == 3
    assert host.told("systemctl show -p MainPID k3s") not in process
    assert host.told(RULES) == rules
    assert doors(host, STRANGER, 22, 6443) == {22: "silent", 6443: "silent"}
    assert doors(host, OFFICE, 22, 6443) == {22: "open", 6443: "open"}
    assert unreachable(both.lab.hosts.values()) == []
    order = ["openova-firewall", "systemd-networkd", "wg-quick@openova0", "k3s"]
    times = [int(host.told(f"{STARTED}{unit}")) for unit in order]
    assert times == sorted(times)
    assert (
        host.told("hostname; sysctl -n net.ipv4.ip_forward".replace("sysctl", "/usr/sbin/sysctl")) == f"{host.name}\n1"
    )


def test_the_engine_finds_nothing_to_do_afterwards(both: Step) -> None:
    assert succeeded(both.engine.up()).counts == {}
