"""What CoreDNS is told about the databases' names, as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final

TTL: Final = 30
"""Seconds that a client may keep an address: how long a node's removal goes unnoticed."""

HOST_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")


def render(hosts: Mapping[str, Sequence[str]], *, port: int = 53) -> str:
    """A server block of CoreDNS that answers for exactly these names, each with all of its addresses.

    The names are the block's zones, so every other name stays with the main block, whose own `hosts`
    plugin a second one beside it would not get past. Without names the text is empty: a block without
    a zone would take over everything. Raises ValueError for a name or an address that is none.
    """
    if not hosts:
        return ""
    for name, addresses in hosts.items():
        _check(name, addresses)
    names = sorted(hosts)
    zones = " ".join(f"{name}:{port}" for name in names)
    lines = [f"        {address} {name}" for name in names for address in hosts[name]]
    return "\n".join(
        [
            f"{zones} {{",
            "    errors",
            "    loadbalance round_robin",
            "    hosts {",
            *lines,
            f"        ttl {TTL}",
            "        no_reverse",
            "    }",
            "}",
            "",
        ]
    )


def _check(name: str, addresses: Sequence[str]) -> None:
    if not HOST_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no host name of lower-case labels. CoreDNS would not load the file and the databases "
            "would have no names; correct it in `hosts`."
        )
    if not addresses:
        raise ValueError(
            f"{name!r} has no address. The name would exist and lead nowhere; give it one in `hosts`, or leave "
            "the name out."
        )
    for address in addresses:
        ip_address(address)
