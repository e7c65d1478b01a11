"""The ways through the world that can be cut: between the regions, to a region's API, from the edge to a region, from a
region to the store of the record.

A cut drops silently; it never refuses and never closes. Between the regions packets also take their time (`lab.hop`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from lab.hop import INTERFACE
from lab.world import REGIONS, STORE, Region, World

ROUND_TRIP: Final = 0.150
"""Seconds between Europe and India, the lower end of the ADR's row."""

_NETWORK: Final = """
set -eu
ip link set {interface} up txqueuelen 10000
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
echo 0 > /proc/sys/net/ipv4/conf/{interface}/rp_filter
ip route replace default dev {interface} table 100
ip route replace blackhole default metric 9999 table 100
"""


@dataclass(frozen=True)
class Traffic:
    """How the roads are. `round_trip` in seconds, `loss` from 0 to 1; `cuts` are pairs of region codes, one direction
    each; `api` and `edge` hold the codes of regions whose API server or ingress is not reached from outside, `store`
    those that do not reach the store of the record."""

    round_trip: float = ROUND_TRIP
    loss: float = 0.0
    cuts: tuple[tuple[str, str], ...] = ()
    api: tuple[str, ...] = ()
    edge: tuple[str, ...] = ()
    store: tuple[str, ...] = ()

    def cut(self, one: str, other: str, *, one_way: bool = False) -> Traffic:
        """With the road from `one` to `other` cut, and back too unless it is `one_way`."""
        more = {(one, other)} if one_way else {(one, other), (other, one)}
        return replace(self, cuts=tuple(sorted({*self.cuts, *more})))


class Road:
    """The roads of a world. What they are like is kept in `file`, so that another process can go on with them."""

    def __init__(self, world: World, file: Path) -> None:
        self._world, self._file = world, file

    def open(self, traffic: Traffic) -> None:
        """Starts the hop where it does not run yet, and sets all roads. Raises RuntimeError where it does not start."""
        self._write(traffic)
        if not self._hops():
            self._start()
        self.set(traffic)

    def _start(self) -> None:
        command = self._world.inside([sys.executable, "-m", "lab.hop", str(self._hop_file)])
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        null, log = subprocess.DEVNULL, self._file.with_suffix(".log")
        with log.open("wb") as said:
            hop = subprocess.Popen(
                command, env=environment, stdin=null, stdout=subprocess.PIPE, stderr=said, start_new_session=True
            )
        if hop.stdout is None or hop.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the hop between the regions did not start: {log.read_text()}")
        rules = [f"ip rule add iif br-{one.code} to {other.network}.0/24 lookup 100" for one, other in _pairs()]
        self._world.run(["sh", "-c", "\n".join([_NETWORK.format(interface=INTERFACE), *rules])])

    @property
    def traffic(self) -> Traffic:
        """How the roads are now."""
        kept = json.loads(self._file.read_text())
        return Traffic(
            **{**kept, "cuts": tuple(map(tuple, kept["cuts"])), **{k: tuple(kept.get(k, ())) for k in _LISTS}}
        )

    def set(self, traffic: Traffic) -> None:
        """Changes them, at once. Raises CalledProcessError where the kernel does not take the rules."""
        self._write(traffic)
        subprocess.run(
            self._world.within(["nft", "-f", "-"]), input=rules(traffic), text=True, check=True, capture_output=True
        )
        for pid in self._hops():
            self._world.run(["kill", "-HUP", pid])

    def _hops(self) -> list[str]:
        return self._world.run(["sh", "-c", "pgrep -f 'lab[.]hop' || true"]).split()

    @property
    def _hop_file(self) -> Path:
        return self._file.with_suffix(".hop")

    def _write(self, traffic: Traffic) -> None:
        self._file.write_text(json.dumps(asdict(traffic)))
        self._hop_file.write_text(json.dumps({"delay": traffic.round_trip / 2, "loss": traffic.loss}))


_LISTS: Final = ("api", "edge", "store")


def rules(traffic: Traffic) -> str:
    """The ruleset of the world between the hosts, complete."""
    network = {region.code: f"{region.network}.0/24" for region in REGIONS}
    drops = [f"ip saddr {network[one]} ip daddr {network[other]} drop" for one, other in traffic.cuts]
    drops += [f"ip daddr {network[code]} tcp dport {{ 22, 6443 }} drop" for code in traffic.api]
    drops += [f"ip daddr {network[code]} tcp dport {{ 80, 443 }} drop" for code in traffic.edge]
    drops += [f"ip saddr {network[code]} ip daddr {STORE} drop" for code in traffic.store]
    drops += [f"ip saddr {STORE} ip daddr {network[code]} drop" for code in traffic.store]
    chains = [
        "\n".join([f"chain {hook} {{", f"type filter hook {hook} priority 0; policy accept;", *drops, "}"])
        for hook in ("input", "forward", "output")
    ]
    return "\n".join(["table ip road", "delete table ip road", "table ip road {", *chains, "}", ""])


def _pairs() -> Iterator[tuple[Region, Region]]:
    return ((one, other) for one in REGIONS for other in REGIONS if one is not other)
