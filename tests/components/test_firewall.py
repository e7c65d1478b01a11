"""The firewall of a node: its ruleset as text, loaded into a real kernel, and met by real packets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from components.node import Firewall, ruleset

RULES = Firewall(
    admin_cidrs=("198.51.100.0/24", "2001:db8:a::/48"),
    http_cidrs=("203.0.113.0/24",),
    peer_addresses=("192.0.2.2", "2001:db8::2"),
    ssh_port=22,
    mesh_port=51871,
    mesh_interface="openova0",
)

with_nft = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft (apt-get install nftables)"
)


def load(rules: str, then: str = "true") -> subprocess.CompletedProcess[str]:
    """Loads rules in a network namespace of its own, and runs a shell command there."""
    return subprocess.run(
        [
            "unshare",
            "--net",
            "sh",
            "-c",
            f"nft -c -f - <<'RULES' && nft -f - <<'AGAIN' && {then}\n{rules}\nRULES\n{rules}\nAGAIN",
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@with_nft
@pytest.mark.parametrize(
    "rules",
    [
        RULES,
        replace(RULES, http_cidrs=(), peer_addresses=()),
        replace(RULES, admin_cidrs=("0.0.0.0/0", "::/0")),
        replace(RULES, http_cidrs=("0.0.0.0/0", "::/0")),
        replace(RULES, admin_cidrs=("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.0.0.0/8")),
        replace(RULES, mesh_interface="a.b-c_d"),
    ],
    ids=["full", "alone", "open to all admins", "open to all users", "overlapping networks", "odd interface name"],
)
def test_the_kernel_accepts_the_ruleset(rules: Firewall) -> None:
    assert load(ruleset(rules)).stderr == ""


@with_nft
def test_loading_the_ruleset_again_replaces_it_and_leaves_other_tables_alone() -> None:
    text = ruleset(RULES)
    done = load(
        "add table ip kept\n" + text,
        "nft list table inet edge | grep -c 'hook prerouting' && nft list tables",
    )

    assert done.stdout == "1\ntable ip kept\ntable inet edge\n"


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"admin_cidrs": ()}, "admin_cidrs"),
        ({"admin_cidrs": ("home.example.org",)}, "admin_cidrs"),
        ({"http_cidrs": ("203.0.113.0/33",)}, "http_cidrs"),
        ({"peer_addresses": ("node-2",)}, "peer_addresses"),
        ({"peer_addresses": ("192.0.2.2; drop",)}, "peer_addresses"),
        ({"mesh_interface": 'x" accept'}, "mesh_interface"),
        ({"mesh_interface": "sixteen-letters1"}, "mesh_interface"),
    ],
)
def test_a_firewall_that_cannot_work_is_refused_by_the_name_of_its_setting(
    change: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ValueError, match=setting):
        ruleset(replace(RULES, **change))


def test_the_order_of_networks_does_not_change_the_ruleset() -> None:
    turned = replace(RULES, admin_cidrs=tuple(reversed(RULES.admin_cidrs)))

    assert ruleset(turned) == ruleset(RULES)


PROBE = """
import socket, sys
def answers(source, port, kind, target):
    with socket.socket(socket.AF_INET, getattr(socket, kind)) as s:
        s.settimeout(0.4)
        s.bind((source, 0))
        try:
            s.connect((target, port))
            s.send(b'x')
            return s.recv(1) == b'y'
        except OSError:
            return False
for line in sys.stdin:
    source, port, kind, target = line.split()
    print(answers(source, int(port), kind, target), flush=True)
"""

SERVER = """
import select, socket
tcp, udp = [], []
for port in (22, 80, 443, 2379, 5432, 6443, 10250, 30432):
    s = socket.create_server(('0.0.0.0', port)); tcp.append(s)
for port in (51820, 51871, 9999):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', port)); udp.append(s)
print('ready', flush=True)
while True:
    for s in select.select(tcp + udp, [], [])[0]:
        if s in udp:
            s.sendto(b'y', s.recvfrom(1)[1])
        else:
            c, _ = s.accept(); c.settimeout(1)
            try: c.recv(1); c.send(b'y')
            except OSError: pass
            c.close()
"""

WORLD = """
set -eu
unshare --net sleep 300 & OUTSIDE=$!
trap 'kill $OUTSIDE' EXIT
while [ "$(readlink /proc/$OUTSIDE/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
out() { nsenter --net=/proc/$OUTSIDE/ns/net "$@"; }
ip link add eth0 type veth peer name eth0 netns $OUTSIDE
ip link add openova0 type veth peer name mesh0 netns $OUTSIDE
ip link set lo up; ip link set eth0 up; ip link set openova0 up
ip addr add 192.0.2.1/32 dev eth0; ip addr add 10.99.1.1/24 dev openova0
ip route add default dev eth0
out ip link set lo up; out ip link set eth0 up; out ip link set mesh0 up
for a in 192.0.2.2 198.51.100.9 203.0.113.9 100.64.0.9; do out ip addr add $a/32 dev eth0; done
out ip addr add 10.99.1.2/24 dev mesh0
out ip route add 192.0.2.1/32 dev eth0
nft -f "$RULES"
"$PYTHON" -c "$SERVER" > "$READY" & SERVED=$!
trap 'kill $OUTSIDE $SERVED' EXIT
until grep -q ready "$READY"; do sleep 0.05; done
out "$PYTHON" -c "$PROBE"
"""


@pytest.fixture(scope="module")
def reaches(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], list[bool]]:
    """Asks, of lines `source port kind target`, which get an answer from a host behind the ruleset."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "rules.nft").write_text(ruleset(RULES))

    def ask(questions: list[str]) -> list[bool]:
        done = subprocess.run(
            ["unshare", "--net", "sh", "-c", WORLD],
            input="\n".join(questions) + "\n",
            capture_output=True,
            text=True,
            check=True,
            env={
                **os.environ,
                "RULES": str(folder / "rules.nft"),
                "READY": str(folder / "ready"),
                "PYTHON": sys.executable,
                "PROBE": PROBE,
                "SERVER": SERVER,
            },
        )
        return [line == "True" for line in done.stdout.split()]

    return ask


NODE = "192.0.2.1"
ADMIN, CDN, PEER, STRANGER = "198.51.100.9", "203.0.113.9", "192.0.2.2", "100.64.0.9"


@with_nft
def test_packets_pass_the_firewall_from_exactly_those_who_may_send_them(
    reaches: Callable[[list[str]], list[bool]],
) -> None:
    allowed = {
        ADMIN: {22, 6443},
        CDN: {80, 443},
        PEER: {2379, 6443, 10250, 51820},
        STRANGER: set(),
    }
    ports = dict.fromkeys((22, 80, 443, 2379, 5432, 6443, 10250, 30432), "SOCK_STREAM")
    ports |= dict.fromkeys((51820, 51871, 9999), "SOCK_DGRAM")
    asked = [(source, port) for source in allowed for port in ports]

    answers = reaches([f"{source} {port} {ports[port]} {NODE}" for source, port in asked])

    passed = {
        source: {port for (who, port), yes in zip(asked, answers, strict=True) if yes and who == source}
        for source in allowed
    }
    assert passed == {source: allowed[source] | {51871} for source in allowed}


@with_nft
def test_the_mesh_carries_node_ports_and_nothing_else(reaches: Callable[[list[str]], list[bool]]) -> None:
    ports = (22, 5432, 6443, 10250, 30432)

    answers = reaches([f"10.99.1.2 {port} SOCK_STREAM 10.99.1.1" for port in ports])

    assert [port for port, yes in zip(ports, answers, strict=True) if yes] == [30432]
