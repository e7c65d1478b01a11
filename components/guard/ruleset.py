"""The barrier as nftables' table `inet openova_guard`: pure text, loaded at boot and by the guard.

It judges packets to and from port 5432 of the region's pods, in both directions and established connections too, since
one that was opened in time would go on writing. Who comes by a NodePort, a Service or a pod's address is seen alike:
behind destination NAT, before masquerading. Only instances of the region's own cluster always pass, so that its
standbys stream. What two sets hold decides: with an element in either all passes. An element may have an end, which the
kernel keeps by itself, so that a guard that died shuts nothing too late.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

FAMILY: Final = "inet"
TABLE: Final = "openova_guard"
PORT: Final = 5432
SETS: Final = ("writing", "reading")

RETURN_PRIORITY: Final = "filter - 10"
LAST_PRIORITY: Final = "srcnat - 10"
"""The last place of all ways out of a host in which a client's own address still stands."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Lets all pass for `seconds`, or without end. `why` tells a restarted guard what was meant: the region writes, or
    nothing in it can be written to."""

    why: Literal["writing", "reading"]
    seconds: float | None = None


def ruleset(pods: str, instances: Iterable[str] = (), opening: Opening | None = None) -> str:
    """The whole table, which replaces the one that is there in one transaction; shut without an `opening`.

    `pods` is the region's IPv4 network of pods, `instances` the addresses of those of its own cluster. Raises
    ValueError for what is neither.
    """
    network = ipaddress.IPv4Network(pods)
    known = sorted({ipaddress.IPv4Address(instance) for instance in instances})
    to_databases = f"ip daddr @databases tcp dport {PORT} ip saddr != @instances"
    # A reset passes, the kernel's own of the rule above among them: it acknowledges nothing.
    from_databases = f"ip saddr @databases tcp sport {PORT} ip daddr != @instances tcp flags & rst == 0"
    passing = [f"meta l4proto @{name} return" for name in SETS]
    blocks = [
        _block("set databases", ["type ipv4_addr", "flags interval", f"elements = {{ {network} }}"]),
        _block("set instances", ["type ipv4_addr", *_elements(map(str, known))]),
        *(_block(f"set {name}", ["type inet_proto", "flags timeout", *_opened(name, opening)]) for name in SETS),
        # A client that is told so tries the next host of its URL at once. The server is not told: what it answers now
        # was not acknowledged in time.
        _block(
            "chain refuse",
            [*passing, f"{to_databases} counter reject with tcp reset", f"{from_databases} counter drop"],
        ),
        _block("chain cut", [*passing, f"{to_databases} counter drop", f"{from_databases} counter drop"]),
        _base("forward", RETURN_PRIORITY, "refuse"),
        _base("output", RETURN_PRIORITY, "refuse"),
        _base("postrouting", LAST_PRIORITY, "cut"),
    ]
    body = "\n\n".join(blocks)
    return f"table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n\ntable {FAMILY} {TABLE} {{\n{body}\n}}\n"


def _opened(name: str, opening: Opening | None) -> list[str]:
    if opening is None or opening.why != name:
        return []
    if opening.seconds is None:
        return _elements(["tcp"])
    milliseconds = int(opening.seconds * 1000)
    return _elements([f"tcp timeout {milliseconds}ms"]) if milliseconds > 0 else []


def _elements(items: Iterable[str]) -> list[str]:
    listed = ", ".join(items)
    return [f"elements = {{ {listed} }}"] if listed else []


def _base(hook: str, priority: str, chain: str) -> str:
    return _block(
        f"chain {hook}",
        [f"type filter hook {hook} priority {priority}; policy accept;", f"meta l4proto tcp jump {chain}"],
    )


def _block(head: str, lines: Iterable[str]) -> str:
    return "\n".join([f"  {head} {{", *(f"    {line}" for line in lines), "  }"])
