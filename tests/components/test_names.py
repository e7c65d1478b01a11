"""The databases' names: what is rendered for CoreDNS, and what CoreDNS makes of it."""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.names import DatabaseNames, DatabaseNamesArgs, render
from lab.tools import program
from tests.recording import record

HOSTS = {
    "pg-europe.openova.io": ["10.99.1.1", "10.99.1.2"],
    "pg-india.openova.io": ["10.99.2.1"],
    "mongo-eu-0.openova.io": ["10.99.1.1"],
}
MAIN = """.:{port} {{
    bind 127.0.0.1
    errors
    hosts {directory}/NodeHosts {{
        fallthrough
    }}
    import {directory}/custom/*.override
}}
import {directory}/custom/*.server
"""
"""The part of the Corefile of K3s that matters here: its own `hosts`, and the two imports."""

LABEL = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)


def test_the_names_land_where_k3s_imports_server_blocks_from() -> None:
    config = record(lambda: DatabaseNames("names", DatabaseNamesArgs(hosts=HOSTS))).named("names-coredns")
    assert config.inputs["metadata"] == {"name": "coredns-custom", "namespace": "kube-system"}
    assert config.inputs["data"] == {"databases.server": render(HOSTS)}


def test_the_order_of_the_names_does_not_change_the_file() -> None:
    assert render(HOSTS) == render(dict(reversed(HOSTS.items())))


def test_without_names_there_is_no_block_that_would_take_over_everything() -> None:
    assert render({}) == ""


@given(
    st.dictionaries(
        st.tuples(LABEL, LABEL).map(".".join),
        st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=4),
        min_size=1,
    )
)
def test_every_name_is_a_zone_and_every_address_a_line(hosts: dict[str, list[str]]) -> None:
    lines = render(hosts).splitlines()
    assert set(lines[0].removesuffix(" {").split()) == {f"{name}:53" for name in hosts}
    entries = [tuple(line.split()) for line in lines if line.strip()[0].isdigit()]
    assert sorted(entries) == sorted((address, name) for name in hosts for address in hosts[name])


@pytest.mark.parametrize(
    "hosts",
    [
        {"pg europe": ["10.0.0.1"]},
        {"pg-europe.openova.io {": ["10.0.0.1"]},
        {"Pg.openova.io": ["10.0.0.1"]},
        {"pg": ["10.0.0.1"]},
        {"pg.openova.io": []},
        {"pg.openova.io": ["10.0.0.1\n}"]},
        {"pg.openova.io": ["europe"]},
    ],
)
def test_what_is_no_name_or_no_address_is_refused(hosts: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError):
        render(hosts)


@pytest.fixture
def coredns(tmp_path: Path) -> Iterator[int]:
    """The port of a CoreDNS on loopback with a Corefile as K3s writes it: one on PATH, or the lab's."""
    binary = shutil.which("coredns") or program("coredns")
    if not Path(binary).exists():
        pytest.skip("coredns is neither on PATH nor built ('make lab')")
    port = _free_port()
    (tmp_path / "custom").mkdir()
    (tmp_path / "NodeHosts").write_text("192.168.9.9 node1\n")
    (tmp_path / "Corefile").write_text(MAIN.format(port=port, directory=tmp_path))
    block = render(HOSTS, port=port).replace("    errors\n", "    errors\n    bind 127.0.0.1\n")
    (tmp_path / "custom" / "databases.server").write_text(block)
    with subprocess.Popen([binary, "-conf", str(tmp_path / "Corefile")]) as server:
        try:
            yield port
        finally:
            server.terminate()


def test_coredns_answers_for_the_names_and_leaves_all_others_to_its_main_block(coredns: int) -> None:
    assert _addresses("pg-europe.openova.io", coredns) == {"10.99.1.1", "10.99.1.2"}
    assert _addresses("mongo-eu-0.openova.io", coredns) == {"10.99.1.1"}
    assert _addresses("node1", coredns) == {"192.168.9.9"}
    assert _addresses("www.openova.io", coredns) == set()


def _addresses(name: str, port: int) -> set[str]:
    """The A records of a name; asks again while the server starts."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + question + struct.pack(">2H", 1, 1)
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(1)
            client.connect(("127.0.0.1", port))
            try:
                client.send(query)
                answer = client.recv(4096)
            except OSError:
                time.sleep(0.1)
                continue
        # An A record: type 1, class 1, four bytes of TTL, four bytes of address.
        found = re.findall(rb"\x00\x01\x00\x01.{4}\x00\x04(.{4})", answer[len(query) :], re.DOTALL)
        return {socket.inet_ntoa(address) for address in found}
    raise TimeoutError("CoreDNS did not answer within five seconds")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
