"""The barrier in a real kernel: a host with a bridge of pods, a client beyond it, and one that comes by a NodePort."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.guard.ruleset import PORT, Opening, ruleset

PODS = "10.42.0.0/16"
NODE_PORT = 30432
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None or shutil.which("ip") is None,
    reason="needs root, nft and ip (apt-get install nftables iproute2)",
)

_HOST = f"""
set -eu
mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link add cni0 type bridge
ip link set cni0 up
ip address add 10.42.0.1/24 dev cni0
[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
pod() {{
  ip netns add "$1"
  ip link add "v$1" type veth peer name eth0 netns "$1"
  ip link set "v$1" up
  ip -n "$1" link set lo up
  ip -n "$1" link set eth0 up
  ip -n "$1" address add "$2" dev eth0
  ip -n "$1" route add default via "$3"
}}
for number in 10 11 12; do pod "p$number" "10.42.0.$number/24" 10.42.0.1; ip link set "vp$number" master cni0; done
pod outside 192.0.2.9/24 192.0.2.1
ip address add 192.0.2.1/24 dev voutside
nft -f - <<NAT
table ip services {{
  chain prerouting {{ type nat hook prerouting priority dstnat; jump ports; }}
  chain output {{ type nat hook output priority -100; jump ports; }}
  chain ports {{ ip daddr 192.0.2.1 tcp dport {NODE_PORT} dnat to 10.42.0.10:{PORT}; }}
  chain postrouting {{ type nat hook postrouting priority srcnat; ip saddr 192.0.2.0/24 oifname cni0 masquerade; }}
}}
NAT
echo ready
exec cat
"""
_ECHO = """
import socket, threading
def serve(peer):
    while data := peer.recv(64):
        peer.sendall(data)
listener = socket.create_server(("0.0.0.0", PORT))
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


class Host:
    """`pod` 10 serves on PostgreSQL's port, 11 and 12 do as well; all in namespaces that end with the test."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def inside(self, *command: str, pod: str = "") -> list[str]:
        enter = ["nsenter", f"--target={self._pid}", "--net", "--mount", "--"]
        return [*enter, *(["ip", "netns", "exec", pod] if pod else []), *command]

    def load(self, rules: str) -> None:
        subprocess.run(self.inside("nft", "-f", "-"), input=rules, text=True, check=True)

    def client(self, address: str, port: int, pod: str = "") -> subprocess.Popen[str]:
        """Connects, then echoes each line by the server; prints what became of it."""
        program = (
            "import socket, sys\n"
            "try:\n"
            f"    peer = socket.create_connection(({address!r}, {port}), 1)\n"
            "    print('connected', flush=True)\n"
            "    for line in sys.stdin:\n"
            "        peer.settimeout(1)\n"
            "        peer.sendall(line.encode())\n"
            "        print(peer.recv(64).decode().strip() or 'closed', flush=True)\n"
            "except OSError as error:\n"
            "    print(type(error).__name__, flush=True)\n"
        )
        return subprocess.Popen(
            self.inside(sys.executable, "-c", program, pod=pod),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def reaches(self, address: str, port: int, pod: str = "") -> bool:
        done, _ = self.client(address, port, pod).communicate("hello\n", timeout=20)
        return done.split() == ["connected", "hello"]


WAYS = {
    "a NodePort from another region": ("192.0.2.1", NODE_PORT, "outside"),
    "a pod's address from outside": ("10.42.0.10", PORT, "outside"),
    "a pod of the same node": ("10.42.0.10", PORT, "p12"),
    "the host itself": ("10.42.0.10", PORT, ""),
    "a NodePort from the host itself": ("192.0.2.1", NODE_PORT, ""),
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    begin = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", _HOST]
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(
            subprocess.Popen(begin, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        assert holder.stdin and holder.stdout and holder.stderr
        stack.callback(holder.stdin.close)
        assert holder.stdout.readline() == "ready\n", holder.stderr.read()
        (child,) = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
        made = Host(int(child))
        for pod in ("p10", "p11", "p12"):
            command = made.inside(sys.executable, "-c", _ECHO.replace("PORT", str(PORT)), pod=pod)
            server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(server.kill)
            assert server.stdout and server.stdout.readline() == "ready\n"
        yield made


@pytest.mark.parametrize("way", WAYS)
def test_shut_nobody_comes_in_and_open_everybody(host: Host, way: str) -> None:
    host.load(ruleset(PODS))
    assert not host.reaches(*WAYS[way])
    for why in ("writing", "reading"):
        host.load(ruleset(PODS, opening=Opening(why=why)))
        assert host.reaches(*WAYS[way])


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_stands_writes_no_more_once_it_is_shut(host: Host, way: str) -> None:
    host.load(ruleset(PODS, opening=Opening(why="writing")))
    client = host.client(*WAYS[way])
    assert client.stdin and client.stdout
    assert client.stdout.readline() == "connected\n"
    host.load(ruleset(PODS))
    said, _ = client.communicate("a row\n", timeout=20)
    assert said.strip() in ("ConnectionResetError", "TimeoutError", "BrokenPipeError", "closed")


def test_a_client_that_is_shut_out_is_told_at_once(host: Host) -> None:
    host.load(ruleset(PODS))
    for way in WAYS.values():
        said, _ = host.client(*way).communicate("", timeout=20)
        assert said.strip() in ("ConnectionRefusedError", "ConnectionResetError")


def test_the_clusters_own_instances_always_reach_each_other_and_what_they_say_comes_through(host: Host) -> None:
    host.load(ruleset(PODS, instances=("10.42.0.10", "10.42.0.11")))
    assert host.reaches("10.42.0.10", PORT, "p11")
    assert host.reaches("10.42.0.11", PORT, "p10")
    assert not host.reaches("10.42.0.10", PORT, "p12")
    assert not host.reaches("192.0.2.1", NODE_PORT, "outside")


def test_what_was_done_before_but_not_answered_is_not_acknowledged_any_more(host: Host) -> None:
    """The packet with the answer is held back too: it is the other direction that is tried here."""
    rules = ruleset(PODS).replace(f"ip daddr @databases tcp dport {PORT}", f"ip daddr @databases tcp dport {PORT + 1}")
    host.load(rules)
    said, _ = host.client("10.42.0.10", PORT, "outside").communicate("a row\n", timeout=20)
    assert said.strip() == "TimeoutError"


def test_other_ports_of_pods_are_left_alone(host: Host) -> None:
    host.load(ruleset(PODS))
    program = "import socket; socket.create_server(('0.0.0.0', 8080)).accept()[0].sendall(b'x')"
    with subprocess.Popen(host.inside(sys.executable, "-c", program, pod="p10")) as server:
        deadline = time.monotonic() + 20
        while (said := host.client("10.42.0.10", 8080, "outside").communicate("", timeout=20)[0]) != "connected\n":
            assert time.monotonic() < deadline, said
        server.kill()


def test_the_kernel_shuts_by_itself_when_a_lease_ends(host: Host) -> None:
    """No program is left to do it: whatever happened to the guard, the region is silent in time."""
    host.load(ruleset(PODS, opening=Opening(why="writing", seconds=1.5)))
    assert host.reaches("192.0.2.1", NODE_PORT, "outside")
    client = host.client("192.0.2.1", NODE_PORT, "outside")
    assert client.stdin and client.stdout and client.stdout.readline() == "connected\n"
    time.sleep(2)
    said, _ = client.communicate("a row\n", timeout=20)
    assert said.strip() == "ConnectionResetError"
    assert not host.reaches("192.0.2.1", NODE_PORT, "outside")


def test_a_lease_is_renewed_without_a_gap(host: Host) -> None:
    client = None
    for _ in range(20):
        host.load(ruleset(PODS, opening=Opening(why="writing", seconds=2)))
        if client is None:
            client = host.client("192.0.2.1", NODE_PORT, "outside")
            assert client.stdout and client.stdout.readline() == "connected\n"
        assert client.stdin and client.stdout
        client.stdin.write("a row\n")
        client.stdin.flush()
        assert client.stdout.readline() == "a row\n"
    assert client is not None
    client.communicate(timeout=20)


@pytest.mark.parametrize("seconds", [0, -1, 0.0001])
def test_a_lease_that_has_run_out_opens_nothing(seconds: float) -> None:
    assert "timeout" not in ruleset(PODS, opening=Opening(why="writing", seconds=seconds)).replace("flags timeout", "")


def test_what_is_no_network_or_no_address_is_refused() -> None:
    for pods, instances in (("everybody", ()), ("2001:db8::/32", ()), (PODS, ("a pod",))):
        with pytest.raises(ValueError):
            ruleset(pods, instances)


def test_the_port_is_postgresqls() -> None:
    assert socket.getservbyname("postgresql") == PORT
