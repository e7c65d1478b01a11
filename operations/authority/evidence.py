"""Whether a region is lost, from places that do not share a road with each other."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from operations.access import AnsweredError, Cluster, UnreachableError
from operations.status.databases import CONTAINER, Seen
from operations.status.judge import LATE_SECONDS
from settings.naming import postgres_host
from settings.platform import Platform
from settings.stacks import RegionStack, StackSettings

DIAL_SECONDS: Final = 3.0
API_PORT: Final = 6443


@dataclass(frozen=True)
class Witnessed:
    """What was seen of the region from one place. `alive`: its database answers there; None where that is not told."""

    place: str
    seen: str
    alive: bool | None


def witness(
    platform: Platform,
    stacks: Mapping[str, StackSettings],
    clusters: Mapping[str, Cluster],
    seen: Sequence[Seen],
    lost: str,
) -> list[Witnessed]:
    """From this machine through the API and on the public road, and from every other region over the mesh."""
    own = next(region for region in seen if region.code == lost)
    found = [Witnessed("this machine, its API", own.silence or "its database answers", not own.silence)]
    found.append(_servers(stacks.get(lost)))
    for region in seen:
        if region.code != lost:
            found.append(_from_region(platform, clusters[region.code], region, lost))
    return found


def _servers(stack: StackSettings | None) -> Witnessed:
    """Whether its servers take connections at all. That alone is no sign of life of its database."""
    nodes = stack.nodes if isinstance(stack, RegionStack) else {}
    addresses = [node.address for node in nodes.values() if node.address]
    with ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
        answered = [address for address, up in zip(addresses, pool.map(_dial, addresses), strict=True) if up]
    said = f"{len(answered)} of {len(addresses)} servers take connections on port {API_PORT}"
    return Witnessed("this machine, the public road", said, alive=None)


def _dial(address: str) -> bool:
    try:
        with socket.create_connection((address, API_PORT), timeout=DIAL_SECONDS):
            return True
    except OSError:
        return False


def _from_region(platform: Platform, cluster: Cluster, region: Seen, lost: str) -> Witnessed:
    host, port = postgres_host(platform, platform.region(lost)), str(platform.postgres.node_port)
    place = f"{region.code}, over the mesh"
    if region.silence:
        return Witnessed(place, f"not asked: {region.silence}", alive=None)
    heard = region.state.get("heard")
    if region.state.get("source") == host and heard is not None and float(heard) < LATE_SECONDS:
        return Witnessed(place, f"streams from {host}, heard {heard} s ago", alive=True)
    command = ["pg_isready", "-q", "-h", host, "-p", port, "-t", f"{DIAL_SECONDS:.0f}"]
    try:
        cluster.execute(platform.postgres.namespace, region.leader, CONTAINER, command)
    except (UnreachableError, AnsweredError):
        return Witnessed(place, f"{host} does not answer", alive=False)
    return Witnessed(place, f"{host} answers", alive=True)
