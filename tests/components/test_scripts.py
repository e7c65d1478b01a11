"""The scripts that run on nodes: linted, and really run on a booted Debian where one is at hand."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.network import Peer, public_key, render
from components.node import Firewall, command, ruleset, standard_input
from components.node.shell import PRELUDE
from tests.components.debian import COMPONENTS, Debian, booted, changed, on_debian

SCRIPTS = sorted(COMPONENTS.glob("*/scripts/*.sh"))
SHELLCHECK = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def debian() -> Iterator[Debian]:
    with booted() as host:
        yield host


@pytest.mark.skipif(SHELLCHECK is None, reason="needs shellcheck (uv sync)")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(COMPONENTS)))
def test_a_script_is_clean_alone_and_after_the_prelude(script: Path) -> None:
    alone = script.read_text()
    for text in (alone,) if script == PRELUDE else (alone, f"{PRELUDE.read_text()}\n{alone}"):
        done = subprocess.run(
            [str(SHELLCHECK), "--shell=bash", "-"], input=text, capture_output=True, text=True, check=False
        )
        assert done.stdout == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(COMPONENTS)))
def test_a_script_fits_into_an_argument_and_its_command_into_a_few_lines(script: Path) -> None:
    assert len(command(script, {}, 60, user="debian")) < 512
    assert len(standard_input(script).encode()) < 64 * 1024


# Base system


@on_debian
def test_the_base_is_set_once_and_then_left_alone(debian: Debian) -> None:
    first = debian.run("node/scripts/base.sh", {"NODE_NAME": "eu-1"})
    second = debian.run("node/scripts/base.sh", {"NODE_NAME": "eu-1"})

    assert "hostname" in changed(first)
    assert "kernel settings" in changed(first)
    assert changed(second) == []
    assert debian.sh("hostname; getent hosts eu-1").stdout.split() == ["eu-1", "127.0.1.1", "eu-1"]
    assert debian.sh("sysctl -n vm.overcommit_memory kernel.panic net.ipv4.ip_forward").stdout.split() == [
        "1",
        "10",
        "1",
    ]
    effective = debian.sh("sshd -T").stdout.splitlines()
    assert {"passwordauthentication no", "permitrootlogin without-password"} <= set(effective)
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in debian.sh("apt-config dump").stdout


@on_debian
def test_passwords_left_on_by_another_file_are_turned_off(debian: Debian) -> None:
    debian.put("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n")

    assert debian.run("node/scripts/base.sh", {"NODE_NAME": "eu-1"}).returncode == 0
    assert "passwordauthentication no" in debian.sh("sshd -T").stdout


@on_debian
def test_a_broken_sshd_configuration_is_refused_and_put_back(debian: Debian) -> None:
    debian.sh("echo Nonsense yes >> /etc/ssh/sshd_config && rm /etc/ssh/sshd_config.d/00-openova.conf")

    done = debian.run("node/scripts/base.sh", {"NODE_NAME": "eu-1"})
    debian.sh("sed -i /Nonsense/d /etc/ssh/sshd_config")

    assert done.returncode == 1
    assert "Fix: repair /etc/ssh/sshd_config" in done.stderr
    assert debian.sh("ls /etc/ssh/sshd_config.d").stdout.split() == ["50-cloud-init.conf"]


@on_debian
def test_sshd_reads_its_files_again_whenever_one_of_them_was_touched_and_only_then(debian: Debian) -> None:
    def reloads() -> int:
        assert debian.run("node/scripts/base.sh", {"NODE_NAME": "eu-1"}).returncode == 0
        debian.sh("journalctl --sync")
        return debian.sh("journalctl --unit ssh.service --output cat").stdout.count("Reloaded ssh.service")

    once = reloads()
    assert reloads() == once

    # Somebody's own change was loaded, and is undone here: the text that sshd should have is an old one.
    ours = "/etc/ssh/sshd_config.d/00-openova.conf"
    debian.sh(f"cp -p {ours} /root/ours && echo 'PasswordAuthentication yes' >{ours} && systemctl reload ssh")
    after_theirs = once + 1
    assert reloads() == after_theirs + 1

    # The same, undone by a run that was killed before it came to sshd.
    debian.sh(f"echo >>{ours} && systemctl reload ssh && cp -p /root/ours {ours}")
    assert reloads() == after_theirs + 1 + 2
    assert reloads() == after_theirs + 1 + 2


@on_debian
def test_a_unit_file_that_changed_is_read_again_also_after_an_interrupted_run(debian: Debian) -> None:
    file = "/etc/systemd/system/openova-firewall.service"
    stale = "systemctl show --property=NeedDaemonReload --value openova-firewall.service"
    firewall(debian, "apply", RULES)

    debian.sh(f"sleep 1; sed -i 's/^Description=.*/Description=Another/' {file}; systemctl daemon-reload")
    assert firewall(debian, "apply", RULES).returncode == 0
    assert debian.sh(stale).stdout == "no\n"
    assert "table inet edge" in debian.sh("systemctl show --property=Description openova-firewall.service").stdout

    debian.sh(f"sleep 1; touch {file}")
    assert debian.sh(stale).stdout == "yes\n"
    assert firewall(debian, "apply", RULES).returncode == 0
    assert debian.sh(stale).stdout == "no\n"
    debian.sh("systemctl stop openova-firewall-undo.timer; nft flush ruleset")


# Firewall

RULES = ruleset(
    Firewall(
        admin_cidrs=("198.51.100.0/24",),
        http_cidrs=(),
        peer_addresses=(),
        ssh_port=22,
        mesh_port=51871,
        mesh_interface="openova0",
    )
)
OTHER_RULES = RULES.replace("198.51.100.0/24", "198.51.101.0/24")


def firewall(debian: Debian, step: str, rules: str, seconds: int = 300) -> subprocess.CompletedProcess[str]:
    return debian.run("node/scripts/firewall.sh", {"STEP": step, "REVERT_SECONDS": str(seconds)}, rules)


def admins(debian: Debian) -> str:
    listed = debian.sh("nft list set inet edge admin4").stdout
    return listed.split("elements = { ")[1].split(" ")[0] if "elements" in listed else ""


@on_debian
def test_a_first_ruleset_that_nobody_confirms_is_taken_away(debian: Debian) -> None:
    assert firewall(debian, "apply", RULES, seconds=1).returncode == 0
    assert admins(debian) == "198.51.100.0/24"
    time.sleep(4)

    assert admins(debian) == ""


@on_debian
def test_a_confirmed_ruleset_stays_and_one_that_nobody_confirms_gives_way_to_it(debian: Debian) -> None:
    assert changed(firewall(debian, "apply", RULES, seconds=3))
    assert "firewall: confirmed" in changed(firewall(debian, "confirm", RULES))
    time.sleep(5)
    assert admins(debian) == "198.51.100.0/24"
    assert changed(firewall(debian, "apply", RULES)) == []
    assert changed(firewall(debian, "confirm", RULES)) == []

    firewall(debian, "apply", OTHER_RULES, seconds=1)
    assert admins(debian) == "198.51.101.0/24"
    time.sleep(4)
    assert admins(debian) == "198.51.100.0/24"


@on_debian
def test_a_confirmation_that_comes_too_late_loads_again_and_asks_for_another_run(debian: Debian) -> None:
    late = firewall(debian, "confirm", OTHER_RULES)
    again = firewall(debian, "confirm", OTHER_RULES)

    assert (late.returncode, again.returncode) == (1, 0)
    assert "run 'pulumi up' again" in late.stderr
    assert admins(debian) == "198.51.101.0/24"


@on_debian
def test_a_ruleset_that_the_kernel_refuses_changes_nothing(debian: Debian) -> None:
    done = firewall(debian, "apply", RULES.replace("prerouting priority", "nowhere priority"))

    assert done.returncode == 1
    assert admins(debian) == "198.51.101.0/24"


@on_debian
def test_the_unit_loads_the_confirmed_ruleset_and_repair_needs_no_confirmation(debian: Debian) -> None:
    debian.sh("nft flush ruleset && systemctl restart openova-firewall.service")
    assert admins(debian) == "198.51.101.0/24"

    debian.sh("nft flush ruleset")
    firewall(debian, "apply", OTHER_RULES)
    assert admins(debian) == "198.51.101.0/24"
    assert debian.sh("systemctl is-enabled openova-firewall.service").stdout == "enabled\n"
    assert debian.sh("systemctl list-timers --all").stdout.count("openova-firewall-undo") == 0


# Mesh

KEYS = [base64.b64encode(bytes([i]) * 32).decode() for i in (1, 2, 3)]


def mesh(debian: Debian, address: str = "10.99.1.1", mtu: int = 1380, peers: tuple[int, ...] = (1, 2)) -> list[str]:
    others = [
        Peer(name=f"in-{i}", mesh_address=f"10.99.2.{i}", public_key=public_key(KEYS[i]), endpoint="192.0.2.9")
        for i in peers
    ]
    text = render(KEYS[0], address, others, port=51871, mtu=mtu, revision=1)
    return changed(debian.run("network/scripts/mesh.sh", {"MESH_INTERFACE": "openova0"}, text))


@on_debian
def test_the_mesh_comes_up_and_then_changes_in_place(debian: Debian) -> None:
    assert "interface: started" in mesh(debian)
    interface = debian.sh("cat /sys/class/net/openova0/ifindex").stdout
    assert mesh(debian) == []

    assert mesh(debian, address="10.99.1.7", mtu=1300, peers=(2,)) == ["/etc/wireguard/openova0.conf"]
    assert debian.sh("cat /sys/class/net/openova0/ifindex").stdout == interface
    assert "mtu 1300" in debian.sh("ip link show openova0").stdout
    assert "inet 10.99.1.7/32" in debian.sh("ip address show openova0").stdout
    assert "10.99.1.1" not in debian.sh("ip address show openova0").stdout
    assert debian.sh("ip route show dev openova0").stdout.split()[0] == "10.99.2.2"
    assert debian.sh("ip route show dev openova0").stdout.count("\n") == 1
    assert debian.sh("wg show openova0 peers").stdout.strip() == public_key(KEYS[2])
    assert debian.sh("stat -c %a /etc/wireguard/openova0.conf").stdout == "600\n"


@on_debian
def test_a_mesh_interface_that_vanished_is_brought_back(debian: Debian) -> None:
    debian.sh("ip link delete openova0; sleep 1")

    assert "interface: started" in mesh(debian)
