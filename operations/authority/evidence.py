"""Whether a region is lost, from places that do not share a road with each other."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import Final

from operations.access import AnsweredError, Cluster, UnreachableError
from operations.authority.change import Change
from operations.authority.edge_evidence import from_edge
from operations.authority.witnessed import Witnessed
from operations.status.databases import CONTAINER, Seen, observe
from operations.status.judge import LATE_SECONDS
from settings.naming import postgres_host
from settings.platform import Platform
from settings.stacks import RegionStack, StackSettings

DIAL_SECONDS: Final = 3.0
API_PORT: Final = 6443
PUBLIC_PORTS: Final = (443, API_PORT)
_AT_ONCE: Final = 16

_DIAL: Final = """
for pair in "$@"; do
  timeout "$SECONDS_EACH" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "${pair% *}" "${pair#* }" 2>/dev/null && echo "$pair" &
done
wait
exit 0
"""
"""Prints the pairs of address and port that take a connection. Bash dials by itself: the image has no HTTP client."""


_READY: Final = """
addresses=$(getent ahostsv4 "$1" | while read -r address _; do echo "$address"; done | sort -u)
[ -z "$addresses" ] && exit 0
echo "$addresses" | wc -l
for address in $addresses; do
  pg_isready -q -h "$address" -p "$2" -t "$SECONDS_EACH" && echo "$address" &
done
wait
exit 0
"""
"""Prints how many addresses a name has, and those behind which a database answers. All are asked at one time: each that
is silent takes its whole time limit."""


def witness(change: Change, lost: str, *, database_only: bool = False) -> tuple[list[Seen], list[Witnessed]]:
    """What the regions say, and what is seen of one of them: from this machine, every other region, and the edge.

    Nobody waits for anybody but the regions for their first answer; each question has a time limit of its own.
    That servers answer is no sign of life of a database where `database_only`, or where the region's own operator says
    that not one instance is ready.
    """
    platform, stack = change.platform, change.project.stacks.get(lost)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as asking:
        servers = asking.submit(_servers, stack)
        edge = asking.submit(lambda: from_edge(change.edge, platform, lost))
        seen = observe(platform, change.clusters)
        others = [
            asking.submit(_from_region, platform, change.clusters.get(region.code), region, stack, lost)
            for region in seen
            if region.code != lost
        ]
        found = [servers.result(), *chain.from_iterable(other.result() for other in others), *edge.result()]
    own = next(region for region in seen if region.code == lost)
    known = "you say that it is the database" if database_only else _down(own)
    api = Witnessed("this machine, its API", own.silence or "its database answers", not own.silence)
    return seen, [api, *(_left_aside(each, known) for each in found)]


def _down(own: Seen) -> str:
    """What the region's own cluster says of its database, where that is that nothing of it runs."""
    status = own.resource.get("status") or {}
    down = bool(own.silence and status) and not status.get("readyInstances")
    return "no instance is ready, by its own cluster" if down else ""


def _left_aside(each: Witnessed, known: str) -> Witnessed:
    if not known or each.of != "servers" or not each.alive:
        return each
    return replace(each, seen=f"{each.seen} (left aside: {known})", alive=None)


def _servers(stack: StackSettings | None) -> Witnessed:
    """Whether its servers take connections at all. That alone is no sign of life of its database."""
    addresses = _addresses(stack)
    with ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
        answered = [address for address, up in zip(addresses, pool.map(_dial, addresses), strict=True) if up]
    said = f"{len(answered)} of {len(addresses)} servers take connections on port {API_PORT}"
    return Witnessed("this machine, the public road", said, None, "servers")


def _addresses(stack: StackSettings | None) -> list[str]:
    nodes = stack.nodes if isinstance(stack, RegionStack) else {}
    return [str(node.address) for node in nodes.values() if node.address]


def _dial(address: str) -> bool:
    try:
        with socket.create_connection((address, API_PORT), timeout=DIAL_SECONDS):
            return True
    except OSError:
        return False


def _from_region(
    platform: Platform, cluster: Cluster | None, region: Seen, stack: StackSettings | None, lost: str
) -> list[Witnessed]:
    """A region by both roads. One that is silent itself is not asked."""
    if cluster is None or region.silence:
        return [Witnessed(f"{region.code}, by both roads", f"not asked: {region.silence}", None)]
    with ThreadPoolExecutor(max_workers=2) as asking:
        mesh = asking.submit(_over_the_mesh, platform, cluster, region, lost)
        public = asking.submit(_on_the_public_road, platform, cluster, region, _addresses(stack))
        return [mesh.result(), public.result()]


def _over_the_mesh(platform: Platform, cluster: Cluster, region: Seen, lost: str) -> Witnessed:
    host, port = postgres_host(platform, platform.region(lost)), str(platform.postgres.node_port)
    place = f"{region.code}, over the mesh"
    heard = region.state.get("heard")
    if region.state.get("source") == host and heard is not None and float(heard) < LATE_SECONDS:
        return Witnessed(place, f"streams from {host}, heard {heard} s ago", alive=True)
    command = ["env", f"SECONDS_EACH={DIAL_SECONDS:.0f}", "bash", "-s", "--", host, port]
    try:
        told = cluster.execute(platform.postgres.namespace, region.leader, CONTAINER, command, stdin=_READY).split()
    except (UnreachableError, AnsweredError) as error:
        return Witnessed(place, f"not asked: {error}", None)
    if not told:
        return Witnessed(place, f"not asked: {host} has no address there", None)
    addresses, ready = told[0], told[1:]
    if not ready:
        return Witnessed(place, f"{host} does not answer", alive=False)
    return Witnessed(place, f"{host} answers ({len(ready)} of {addresses} addresses)", alive=True)


def _on_the_public_road(platform: Platform, cluster: Cluster, region: Seen, addresses: Sequence[str]) -> Witnessed:
    """From a pod of the region. Silence tells nothing: the firewall of a living server may not admit it either."""
    place = f"{region.code}, the public road"
    if not addresses:
        return Witnessed(place, "not asked: no address of its servers stands in the settings", None, "servers")
    pairs = [f"{address} {port}" for address in addresses for port in PUBLIC_PORTS]
    command = ["env", f"SECONDS_EACH={DIAL_SECONDS:.0f}", "bash", "-s", "--", *pairs]
    try:
        told = cluster.execute(platform.postgres.namespace, region.leader, CONTAINER, command, stdin=_DIAL)
    except (UnreachableError, AnsweredError) as error:
        return Witnessed(place, f"not asked: {error}", None, "servers")
    answered = {line.split()[0] for line in told.splitlines() if line in pairs}
    ports = " or ".join(str(port) for port in PUBLIC_PORTS)
    said = f"{len(answered)} of {len(addresses)} servers take connections on port {ports}"
    return Witnessed(place, said, True if answered else None, "servers")
