"""Who gets in: keys, passwords, addresses; on hosts that really listen."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.node import Firewall, ruleset
from lab.disk import key_pair
from lab.host import Done, Host
from lab.world import ADMIN_CIDR, OFFICE, STRANGER
from tests.components.debian import changed
from tests.hosts.conftest import Step
from tests.hosts.pings import doors
from tests.hosts.program import INTERFACE, PORT

pytestmark = pytest.mark.hosts


def rules(admins: str = ADMIN_CIDR) -> str:
    return ruleset(
        Firewall(
            admin_cidrs=(admins,),
            http_cidrs=(),
            peer_addresses=(),
            ssh_port=22,
            mesh_port=PORT,
            mesh_interface=INTERFACE,
        )
    )


def firewall(host: Host, step: str, text: str, seconds: int = 300) -> Done:
    return host.run("node/scripts/firewall.sh", {"STEP": step, "REVERT_SECONDS": str(seconds)}, text)


def with_password(host: Host, folder: Path, password: str) -> Done:
    answer = folder / "answer"
    answer.write_text(f"#!/bin/sh\necho {password}\n")
    answer.chmod(0o700)
    environment = {**os.environ, "SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ""}
    methods = ["-o", "PreferredAuthentications=password,keyboard-interactive", "-o", "PubkeyAuthentication=no"]
    return host.dial([*methods, "-o", "NumberOfPasswordPrompts=1"], "echo in", environment=environment)


def test_a_password_that_was_good_opens_nothing_after_the_base_system(fresh: Host, tmp_path: Path) -> None:
    fresh.told("echo root:a-password | chpasswd")
    assert with_password(fresh, tmp_path, "a-password").stdout == "in\n"

    assert changed(fresh.run("node/scripts/base.sh", {"NODE_NAME": fresh.name}))

    refused = with_password(fresh, tmp_path, "a-password")
    assert (refused.stdout, refused.returncode) == ("", 255)
    assert "Permission denied (publickey)" in refused.stderr
    assert fresh.ssh("echo in").stdout == "in\n"


def test_another_host_key_than_the_pinned_one_is_not_spoken_to(fresh: Host, tmp_path: Path) -> None:
    other = tmp_path / "known"
    other.write_text(f"{fresh.address} {key_pair().public}\n")

    refused = fresh.ssh("cat > /root/got", "a secret", known=str(other))

    assert refused.returncode == 255
    assert "HOST IDENTIFICATION HAS CHANGED" in refused.stderr
    assert fresh.console("ls /root/got").returncode != 0


def test_a_stranger_is_dropped_once_the_firewall_stands(fresh: Host) -> None:
    assert doors(fresh, STRANGER, 22) == {22: "open"}

    firewall(fresh, "apply", rules())
    assert changed(firewall(fresh, "confirm", rules()))

    ports = (22, 80, 6443, 10250)
    assert doors(fresh, STRANGER, *ports) == dict.fromkeys(ports, "silent")
    assert doors(fresh, OFFICE, *ports) == {22: "open", 80: "silent", 6443: "refused", 10250: "silent"}


def test_a_ruleset_that_locks_everybody_out_takes_itself_back(fresh: Host) -> None:
    firewall(fresh, "apply", rules())
    firewall(fresh, "confirm", rules())
    mistaken = rules("203.0.113.250/32")

    assert firewall(fresh, "apply", mistaken, seconds=8).returncode == 0, "the connection that was there goes on"
    out = firewall(fresh, "confirm", mistaken)
    assert out.returncode == 255
    assert "timed out" in out.stderr
    time.sleep(6)

    assert doors(fresh, OFFICE, 22) == {22: "open"}
    assert ADMIN_CIDR in fresh.told("nft list set inet edge admin4")


def test_a_ruleset_that_nobody_confirmed_is_gone_after_a_power_cut(fresh: Host) -> None:
    firewall(fresh, "apply", rules())
    firewall(fresh, "confirm", rules())
    firewall(fresh, "apply", rules("203.0.113.250/32"))
    assert doors(fresh, OFFICE, 22) == {22: "silent"}

    fresh.cut_power()
    fresh.start()
    fresh.wait()

    assert doors(fresh, OFFICE, 22) == {22: "open"}
    assert doors(fresh, STRANGER, 22) == {22: "silent"}


@pytest.mark.engine
def test_nodes_of_a_cluster_let_in_the_office_and_each_other_and_nobody_else(both: Step) -> None:
    hosts = both.lab.hosts
    with ThreadPoolExecutor(len(hosts)) as pool:
        strangers = list(pool.map(lambda host: doors(host, STRANGER, 22, 6443), hosts.values()))
        offices = list(pool.map(lambda host: doors(host, OFFICE, 22, 6443, 2379), hosts.values()))
    assert strangers == [{22: "silent", 6443: "silent"}] * 6
    assert offices == [{22: "open", 6443: "open", 2379: "silent"}] * 6

    ask = "curl -sk --max-time 3 https://{}:6443/ping || echo silent"
    first, second, foreign = hosts["eu-1"], hosts["eu-2"], hosts["in-1"]
    assert second.told(ask.format(first.address)) == "pong"
    assert foreign.told(ask.format(first.address)) == "silent"
    assert foreign.told(ask.format(first.mesh_address)) == "silent", "the mesh carries NodePorts alone"
