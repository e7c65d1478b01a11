"""What the edge knows of a region that may be lost: its monitor's last word, and what it reaches at this moment.

The monitor's word is as old as its interval, and it has no time on it. So a pool that it calls healthy counts as a sign
of life only where a request through the edge, made now, reaches the region too, or could not be made.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from operations.authority.witnessed import Witnessed
from operations.edge.judge import said
from operations.edge.model import Asked, Edge, EdgeAccess, EdgeError, PoolSeen
from regions.traffic import detection_seconds
from settings.platform import Platform

MONITOR: Final = "the edge's monitor"
NOW: Final = "the edge, now"
REQUESTS: Final = 6
"""A direct name leads to one of a region's servers at a time: of three servers with one alive, six requests find it in
nine cases of ten; and a monitor that calls only some of them healthy is believed as it is."""


def from_edge(access: EdgeAccess, platform: Platform, lost: str) -> list[Witnessed]:
    """The words of the edge; one that it was not asked, where it cannot be; none where there is none to ask."""
    if access.edge is None:
        return [Witnessed(MONITOR, f"not asked: {access.why_not}", None, "servers")] if access.why_not else []
    edge: Edge = access.edge
    with ThreadPoolExecutor(max_workers=REQUESTS + 1) as asking:
        looking = asking.submit(edge.look)
        asked = now(list(asking.map(edge.ask, [lost] * REQUESTS)))
    request = Witnessed(NOW, asked.said, asked.alive, "servers")
    try:
        pool = looking.result().pools.get(lost)
    except EdgeError as error:
        return [Witnessed(MONITOR, f"not asked: {error}", None, "servers"), request]
    return [monitored(pool, asked, detection_seconds(platform)), request]


def now(asked: Sequence[Asked]) -> Asked:
    """All requests as one: one answer is a sign of life; else the first that tells anything."""
    answered = [one for one in asked if one.alive]
    if answered:
        return Asked(f"{answered[0].said} ({len(answered)} of {len(asked)} requests)", alive=True)
    return next((one for one in asked if one.alive is False), asked[0])


def monitored(pool: PoolSeen | None, asked: Asked, seconds: int | None) -> Witnessed:
    """The monitor's word. `seconds` is how long it may take to notice; `asked` is what a request came to meanwhile."""
    if pool is None or not pool.enabled or all(server.healthy is None for server in pool.servers):
        return Witnessed(MONITOR, f"knows nothing: {said(pool) if pool else 'there is no pool'}", None, "servers")
    counted = f"{pool.count} of {len(pool.servers)} servers healthy"
    if not pool.anywhere:
        return Witnessed(MONITOR, counted, alive=False, of="servers")
    if asked.alive is False and pool.count == len(pool.servers):
        late = f"{counted}, but nothing gets through now: it takes up to {seconds} s to notice"
        return Witnessed(MONITOR, late, None, "servers")
    return Witnessed(MONITOR, counted, alive=True, of="servers")
