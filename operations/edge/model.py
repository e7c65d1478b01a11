"""What an edge says of itself, in words that are no provider's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from settings.platform import Platform

Order = tuple[str, ...]
"""Regions, the best first; a pool that is no region's stands under its own name."""


class EdgeError(Exception):
    """The edge did not answer, refused, or has not what is looked for. The text holds no secret."""


@dataclass(frozen=True)
class ServerSeen:
    """One server of a pool. `healthy`: what most places say that check it; None where none has said anything yet.

    `anywhere`: at least one of them reaches it. `reason` is the provider's own word for a failure.
    """

    name: str
    healthy: bool | None
    anywhere: bool
    reason: str = ""


@dataclass(frozen=True)
class PoolSeen:
    """A region's servers. `minimum` of them must be healthy for the pool to be; `silence` says why nobody knows."""

    region: str
    name: str
    enabled: bool = True
    minimum: int = 1
    servers: tuple[ServerSeen, ...] = ()
    silence: str = ""

    @property
    def healthy(self) -> bool | None:
        """Whether users are sent there; None where the edge has not said."""
        if not self.enabled:
            return False
        if not self.servers or any(server.healthy is None for server in self.servers):
            return None
        return self.count >= self.minimum

    @property
    def count(self) -> int:
        """How many of its servers are healthy."""
        return sum(server.healthy is True for server in self.servers)

    @property
    def anywhere(self) -> bool:
        """Whether at least one server answers at least one place that checks it."""
        return any(server.anywhere for server in self.servers)


@dataclass(frozen=True)
class HostSeen:
    """A name that users ask for: the order for everybody, the last resort, and the orders of single places."""

    name: str
    enabled: bool
    default: Order
    fallback: str
    areas: Mapping[str, Order] = field(default_factory=dict)

    @property
    def regions(self) -> frozenset[str]:
        """Every region that gets its users, in whichever place of whichever order."""
        return frozenset((self.fallback, *self.default, *(code for order in self.areas.values() for code in order)))


@dataclass(frozen=True)
class EdgeSeen:
    """What is there now. A pool by its region, a host by its name; what is missing was never made."""

    pools: Mapping[str, PoolSeen]
    hosts: Mapping[str, HostSeen]


@dataclass(frozen=True)
class Asked:
    """What came of one request to a region past the load balancing. `alive` is None where it tells nothing."""

    said: str
    alive: bool | None


class Edge(Protocol):
    """One provider's edge, with credentials. Every question has a time limit of seconds."""

    def look(self) -> EdgeSeen:
        """Everything that it knows of our pools and names. Raises EdgeError."""
        ...

    def ask(self, code: str) -> Asked:
        """Ask a region's /health now, by its direct name: the monitor's word is as old as its interval."""
        ...

    def carry_out(self, platform: Platform) -> tuple[str, ...]:
        """Give every name the orders of the settings, and tell which names were changed. Raises EdgeError.

        What it changes is what `pulumi up --stack global` would change, and nothing else.
        """
        ...


@dataclass(frozen=True)
class EdgeAccess:
    """The edge, or why it cannot be asked: one sentence. Both are empty where the settings have none to ask."""

    edge: Edge | None = None
    why_not: str = ""
