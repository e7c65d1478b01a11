"""Packets among hosts, and from addresses that may or may not reach them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from lab.host import Host

_DIAL = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor

def meets(line):
    source, address, port = line.split()
    try:
        socket.create_connection((address, int(port)), 2, (source, 0)).close()
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "silent"

with ThreadPoolExecutor(32) as pool:
    print(*pool.map(meets, sys.stdin), sep="\\n")
"""


def doors(host: Host, source: str, *ports: int) -> dict[int, str]:
    """What a TCP connection from an address of the world meets at each port: `open`, `refused` or `silent`."""
    done = subprocess.run(
        host.world.within([sys.executable, "-c", _DIAL]),
        input="".join(f"{source} {host.address} {port}\n" for port in ports),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return dict(zip(ports, done.stdout.split(), strict=True))


def unreachable(hosts: Iterable[Host], payload: int = 56, seconds: float = 20) -> list[str]:
    """`a -> b` for each pair of which b does not answer a's ping over the mesh, after some patience.

    `payload` is in bytes and goes unfragmented.
    """
    everybody = list(hosts)
    deadline = time.monotonic() + seconds
    while True:
        with ThreadPoolExecutor(len(everybody)) as pool:
            missing = [
                pair for pairs in pool.map(lambda host: _silent(host, everybody, payload), everybody) for pair in pairs
            ]
        if not missing or time.monotonic() > deadline:
            return missing


def _silent(host: Host, everybody: list[Host], payload: int) -> list[str]:
    others = {other.mesh_address: other.name for other in everybody if other is not host}
    pings = f"for a in {' '.join(others)}; do ping -q -c1 -W2 -M do -s {payload} $a >/dev/null || echo $a & done; wait"
    return [f"{host.name} -> {others[address]}" for address in host.told(pings).split()]
