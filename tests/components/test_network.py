"""The mesh: keys and configuration, held against WireGuard's own tools, and the resources."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_random import RandomId

from components.network import Mesh, MeshArgs, MeshNode, MeshPeer, Peer, public_key, render
from components.network.wireguard import clamped
from components.node import SshConnection
from operations.plan.values import UNKNOWN, Secret, reveal
from tests.recording import record

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
NAMES = ("eu-1", "eu-2", "in-1")
KEYS = {name: base64.b64encode(bytes([i + 1]) * 32).decode() for i, name in enumerate(NAMES)}
ADDRESSES = {"eu-1": "10.99.1.1", "eu-2": "10.99.1.2", "in-1": "10.99.2.1"}

needs_wg = pytest.mark.skipif(shutil.which("wg") is None, reason="needs wg (apt-get install wireguard-tools)")
needs_userspace = pytest.mark.skipif(
    os.geteuid() != 0 or any(shutil.which(tool) is None for tool in ("wg", "wireguard-go")),
    reason="needs root, wg and wireguard-go (apt-get install wireguard-tools wireguard-go)",
)
private_keys = st.binary(min_size=32, max_size=32).map(lambda raw: base64.b64encode(raw).decode())


def peer(name: str, endpoint: str | None = None) -> Peer:
    return Peer(name=name, mesh_address=ADDRESSES[name], public_key=public_key(KEYS[name]), endpoint=endpoint)


def configuration(name: str, *peers: Peer, port: int = 51871) -> str:
    return render(KEYS[name], ADDRESSES[name], peers, port=port, mtu=1380, revision=3)


def test_a_public_key_is_the_one_that_wireguard_derives() -> None:
    assert public_key(KEYS["eu-1"]) == "pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk="


@needs_wg
@given(private_keys)
def test_any_public_key_is_the_one_that_wireguard_derives(private: str) -> None:
    derived = subprocess.run(["wg", "pubkey"], input=private, capture_output=True, text=True, check=True).stdout

    assert public_key(private) == derived.strip()


@given(private_keys)
def test_clamping_keeps_the_identity_and_settles_at_once(private: str) -> None:
    assert public_key(clamped(private)) == public_key(private)
    assert clamped(clamped(private)) == clamped(private)


@pytest.mark.parametrize("key", ["", "short", "!" * 44, base64.b64encode(bytes(31)).decode()])
def test_a_key_of_another_kind_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes") as refused:
        public_key(key)

    assert not key or key not in str(refused.value)


def test_a_node_is_configured_with_its_peers_and_dials_those_whose_endpoint_is_known() -> None:
    text = configuration("eu-1", peer("in-1"), peer("eu-2", "2001:db8::2"))

    assert text.split("\n\n") == [
        f"[Interface]\n# revision 3\nAddress = 10.99.1.1/32\nListenPort = 51871\nMTU = 1380\n"
        f"PrivateKey = {clamped(KEYS['eu-1'])}",
        f"[Peer]\n# eu-2\nPublicKey = {public_key(KEYS['eu-2'])}\nAllowedIPs = 10.99.1.2/32\n"
        "Endpoint = [2001:db8::2]:51871\nPersistentKeepalive = 25",
        f"[Peer]\n# in-1\nPublicKey = {public_key(KEYS['in-1'])}\nAllowedIPs = 10.99.2.1/32\n",
    ]


def test_the_order_of_peers_does_not_change_the_configuration() -> None:
    assert configuration("eu-1", peer("in-1"), peer("eu-2")) == configuration("eu-1", peer("eu-2"), peer("in-1"))


@pytest.mark.parametrize("address", ["10.99.1.1", "10.99.2.1"])
def test_two_nodes_with_one_mesh_address_are_refused(address: str) -> None:
    double = replace(peer("eu-2"), mesh_address=address)

    with pytest.raises(ValueError, match="mesh_address"):
        configuration("eu-1", peer("in-1"), double)


TUNNEL = """
set -eu
mkdir -p /run/wireguard && mount -t tmpfs none /run/wireguard
export WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go LOG_LEVEL=error
unshare --net sleep 120 & OUTSIDE=$!
while [ "$(readlink /proc/$OUTSIDE/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
there() { nsenter --net=/proc/$OUTSIDE/ns/net "$@"; }
ip link add eth0 type veth peer name eth0 netns $OUTSIDE
ip link set lo up; ip link set eth0 up; ip addr add 192.0.2.1/24 dev eth0
there ip link set lo up; there ip link set eth0 up; there ip addr add 192.0.2.2/24 dev eth0
wg-quick up "$FOLDER/mesh-a.conf" 2>/dev/null
there wg-quick up "$FOLDER/mesh-b.conf" 2>/dev/null
ip link show mesh-a | grep -o 'mtu [0-9]*'
ip route show dev mesh-a
dial() { there timeout 2 bash -c 'echo > /dev/tcp/10.99.1.1/1' 2>&1 | grep -q refused; }
for i in $(seq 50); do dial && break; sleep 0.1; done; echo answered
handshake() { wg show mesh-a latest-handshakes | cut -f2; }
before=$(handshake); sleep 1.1
wg syncconf mesh-a <(wg-quick strip "$FOLDER/mesh-a.conf")
dial && echo reached
[ "$before" -gt 0 ] && [ "$(handshake)" = "$before" ] && echo 'same session'
"""


@needs_userspace
def test_a_side_that_knows_no_endpoint_is_dialled_by_the_other_and_keeps_the_session_when_set_again(
    tmp_path: Path,
) -> None:
    waiting = configuration("eu-1", peer("in-1"))
    dialling = configuration("in-1", peer("eu-1", "192.0.2.1"))
    (tmp_path / "mesh-a.conf").write_text(waiting)
    (tmp_path / "mesh-b.conf").write_text(dialling)

    done = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", TUNNEL],
        env={**os.environ, "FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines == ["mtu 1380", "10.99.2.1 scope link", "answered", "reached", "same session"], done.stderr


# The resources


def mesh_node(name: str) -> MeshNode:
    connection = SshConnection(host=f"192.0.2.{NAMES.index(name) + 1}", host_key=HOST_KEY)
    return MeshNode(
        name=name,
        connection=connection,
        mesh_address=ADDRESSES[name],
        private_key=KEYS[name],
    )


def mesh(**changes: Any) -> MeshArgs:
    endpoints = {"eu-1": "192.0.2.1", "eu-2": "192.0.2.2", "in-1": None}
    args = MeshArgs(
        nodes=(mesh_node("eu-1"), mesh_node("eu-2")),
        peers=tuple(
            MeshPeer(
                name=name,
                mesh_address=ADDRESSES[name],
                public_key=public_key(KEYS[name]),
                endpoint=endpoints[name],
            )
            for name in NAMES
        ),
        port=51871,
        interface="openova0",
        revision=1,
    )
    return replace(args, **changes)


def test_each_node_knows_all_others_of_all_regions_and_not_itself() -> None:
    evaluation = record(lambda: Mesh("mesh", mesh()))

    for name in ("eu-1", "eu-2"):
        text = reveal(evaluation.named(f"mesh-{name}").inputs["stdin"])
        assert [line[2:] for line in text.splitlines() if line[2:] in NAMES] == [
            other for other in NAMES if other != name
        ]


def test_a_private_key_is_secret_and_goes_by_standard_input_alone() -> None:
    given = record(lambda: Mesh("mesh", mesh())).named("mesh-eu-1").inputs

    assert isinstance(given["stdin"], Secret)
    assert KEYS["eu-1"] not in given["create"]
    assert clamped(KEYS["eu-1"]) not in given["create"]
    assert given["logging"] == "none"


def test_a_new_revision_of_the_keys_runs_every_node_again() -> None:
    before = record(lambda: Mesh("mesh", mesh())).named("mesh-eu-1").inputs
    after = record(lambda: Mesh("mesh", mesh(revision=2))).named("mesh-eu-1").inputs

    assert reveal(before) != reveal(after)


def test_an_endpoint_that_is_not_known_yet_leaves_the_configuration_unknown_until_the_run() -> None:
    def program() -> None:
        *known, late = mesh().peers
        unknown = RandomId("late", byte_length=1).hex
        Mesh("mesh", mesh(peers=(*known, replace(late, endpoint=unknown))))

    stdin = record(program).named("mesh-eu-1").inputs["stdin"]
    assert reveal(stdin) is UNKNOWN


@pytest.mark.parametrize("peers", [(), (0, 1, 1)])
def test_a_list_of_peers_without_each_own_node_once_is_refused(peers: tuple[int, ...]) -> None:
    given = tuple(mesh().peers[i] for i in peers)

    with pytest.raises(ValueError, match="nodes of all regions"):
        record(lambda: Mesh("mesh", mesh(peers=given)))


def test_halves_of_a_key_that_do_not_belong_together_are_refused() -> None:
    first, *others = mesh().peers
    wrong = replace(first, public_key=public_key(KEYS["in-1"]))

    with pytest.raises(Exception, match="public half"):
        record(lambda: Mesh("mesh", mesh(peers=(wrong, *others))))


def test_the_mesh_comes_after_what_it_was_told_to_wait_for() -> None:
    def program() -> None:
        first = pulumi.ComponentResource("test:index:First", "first")
        Mesh("mesh", mesh(after=(first,)))

    record(program)
