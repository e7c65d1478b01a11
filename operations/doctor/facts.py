"""What a host told about itself."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from operations.doctor.ssh import Heard

_OWNER: Final = re.compile(r'users:\(\("([^"]+)"')


@dataclass(frozen=True)
class Listener:
    """A port that something listens on: `tcp` or `udp`, and the process, empty for the kernel."""

    protocol: str
    port: int
    process: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Sizes in bytes, times in seconds. `listeners` is None where the host has no `ss`."""

    os: str
    version: str
    machine: str
    systemd: bool
    memory: int
    disk: int
    location: str
    client: str
    interfaces: frozenset[str]
    listeners: tuple[Listener, ...] | None
    fsync: tuple[float, ...]
    offset: float | None
    uncertainty: float


def read(heard: Heard) -> Facts:
    """The facts of a run of examine.sh. Raises ValueError where it did not come to its end."""
    lines = heard.output.splitlines()
    if heard.code != 0 or "end" not in lines:
        raise ValueError(heard.reason)
    values: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)

    def first(key: str) -> str:
        return values.get(key, [""])[0]

    name, _, version = first("os").partition(" ")
    return Facts(
        os=name,
        version=version,
        machine=first("machine"),
        systemd=first("systemd") == "yes",
        memory=int(first("memory") or 0),
        disk=int(first("disk") or 0),
        location=first("location"),
        client=first("client"),
        interfaces=frozenset(values.get("interface", [])),
        listeners=tuple(_listeners(values.get("listen", []))) if "sockets" in values else None,
        fsync=tuple(sorted(float(value) for value in values.get("fsync", []))),
        offset=heard.offset,
        uncertainty=heard.uncertainty,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that is not below `share` of them (nearest rank)."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def _listeners(lines: Sequence[str]) -> list[Listener]:
    found = []
    for line in lines:
        fields = line.split()
        if len(fields) >= 5 and (port := fields[4].rpartition(":")[2]).isdigit():
            owner = _OWNER.search(line)
            found.append(Listener(fields[0], int(port), owner[1] if owner else ""))
    return found
