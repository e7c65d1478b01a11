"""What is well at the edge and what is not, by the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.edge.steering import Steering
from operations.edge.model import EdgeAccess, EdgeError, EdgeSeen, HostSeen, PoolSeen
from operations.findings.model import Check, Status
from regions.traffic import steering_of
from settings.naming import edge_hosts, pool_name
from settings.platform import Platform

NAME: Final = "edge"
PLATFORM: Final = "platform"
UP: Final = "pulumi up --stack global"


def observe_edge(access: EdgeAccess) -> tuple[EdgeSeen | None, str]:
    """What the edge says, and why it says nothing; both are empty where there is none to ask."""
    if access.edge is None:
        return None, access.why_not
    try:
        return access.edge.look(), ""
    except EdgeError as error:
        return None, str(error)


def judge_edge(platform: Platform, seen: EdgeSeen | None, silence: str) -> Iterator[Check]:
    """All checks of the edge; none where the settings have none that could be asked."""
    if silence:
        rule = "The edge's own word on every region is at hand."
        fix = "Give the token (docs/edge.md), and look again; the rest of this page does not depend on it."
        yield Check(PLATFORM, NAME, "unknown", silence, rule, "Nobody here knows where users are sent.", fix)
    if seen is None:
        return
    for code in platform.codes:
        yield _region(platform, seen, code)
    yield _hosts(platform, seen)


def _region(platform: Platform, seen: EdgeSeen, code: str) -> Check:
    pool, drained = seen.pools.get(code), code in platform.edge.drained
    users = any(code in host.regions for host in seen.hosts.values())
    if pool is None:
        rule, name = "Every region has a pool.", pool_name(platform.region(code))
        return Check(code, NAME, "fail", f"there is no {name}", rule, "Nobody can be sent there.", UP)
    if drained and users:
        rule = "A region that the settings drain gets nobody."
        what = f"drained in the settings, and users are sent there; {said(pool)}"
        return Check(code, NAME, "fail", what, rule, "Users get a region that may be half there.", UP)
    if not drained and not users and seen.hosts:
        rule = "A region that the settings do not drain gets users."
        what = f"out of traffic, and in the settings it is not; {said(pool)}"
        return Check(code, NAME, "warn", what, rule, "The other regions carry its users.", UP)
    what = f"{'drained' if drained else 'in traffic'}, {said(pool)}"
    rule = "The edge reaches every server of every region in traffic."
    consequence = "Its users are sent elsewhere, and nobody can take over from the other side."
    fix = "Ask the direct name (curl -I); look at its ingress, its firewall and the application at /health."
    return Check(code, NAME, _level(platform, pool, drained=drained), what, rule, consequence, fix)


def _level(platform: Platform, pool: PoolSeen, *, drained: bool) -> Status:
    if drained:
        return "ok"
    if pool.healthy is None:
        return "unknown"
    if not pool.healthy:
        return "fail" if pool.region == platform.authority.primary else "warn"
    return "ok" if pool.count == len(pool.servers) else "warn"


def said(pool: PoolSeen) -> str:
    """A pool's health in words."""
    if not pool.enabled:
        return "its pool is switched off"
    if pool.healthy is None:
        return f"its health is not known{f': {pool.silence}' if pool.silence else ' yet'}"
    failed = [f"{server.name}: {server.reason or 'unhealthy'}" for server in pool.servers if not server.healthy]
    counted = f"{pool.count} of {len(pool.servers)} servers healthy"
    return f"{counted} ({'; '.join(failed)})" if failed else counted


def _hosts(platform: Platform, seen: EdgeSeen) -> Check:
    rule = "Every name is sent where the settings say: the same first region, the same order, the same last resort."
    steering = steering_of(platform)
    wrong = [
        f"{name}: {why}" for name in edge_hosts(platform) if (why := _differs(platform, seen.hosts.get(name), steering))
    ]
    made = all(name in seen.hosts and seen.hosts[name].enabled for name in edge_hosts(platform))
    status: Status = "ok" if not wrong else "warn" if made else "fail"
    what = "; ".join(wrong) or f"{len(seen.hosts)} names, {steering.fallback} is the last resort"
    return Check(PLATFORM, NAME, status, what, rule, "Users are sent by settings that are no longer there.", UP)


def _differs(platform: Platform, host: HostSeen | None, steering: Steering) -> str:
    """What is other than in the settings; empty where nothing is."""
    if host is None:
        return "nothing is made for it"
    if not host.enabled:
        return "switched off"
    if host.fallback != steering.fallback:
        return f"the last resort is {host.fallback}, not {steering.fallback}"
    if platform.edge.provider == "route53":
        wanted = frozenset(code for order in steering.orders for code in order)
        return "" if host.regions == wanted else f"it leads to {', '.join(sorted(host.regions))}"
    if host.default != steering.default_order:
        return f"{' before '.join(host.default)} is its order, not {' before '.join(steering.default_order)}"
    areas = {**steering.pop_pools, **steering.country_pools, **steering.region_pools}
    other = sorted(area for area in areas.keys() | host.areas.keys() if areas.get(area) != host.areas.get(area))
    return f"other orders for {', '.join(other)}" if other else ""
