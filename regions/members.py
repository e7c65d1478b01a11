"""The members of the MongoDB replica set, from the settings alone."""

from __future__ import annotations

from dataclasses import replace

from components.mongodb.members import FEWEST_PODS, Member, region_members
from settings.naming import mongodb_host
from settings.platform import Platform, SiteLine, WitnessLine

MONGODB_PORT = 27017


def members_of(platform: Platform, line: SiteLine, *, local: bool) -> tuple[Member, ...]:
    """A site's members, non-voting ones included; none where it has no voter. A witness has no spare."""
    if not platform.mongodb.enabled or not line.mongodb.priorities:
        return ()
    fewest = 1 if isinstance(line, WitnessLine) else FEWEST_PODS
    most = max(fewest, len(line.mongodb.priorities) + 1)
    return region_members(
        hosts=[mongodb_host(platform, line, index) for index in range(most)],
        first_port=platform.mongodb.first_node_port,
        priorities=priorities_of(platform, line.code),
        region=line.name,
        local=local,
        fewest=fewest,
    )


def all_members(platform: Platform, local: str) -> tuple[Member, ...]:
    """The members of all sites as the site `local` sees them, without those that a person has taken out."""
    forced = platform.mongodb.forced
    out = set(forced.without) - {local} if forced is not None else set()
    return tuple(
        member
        for line in platform.sites
        if line.code not in out
        for member in members_of(platform, line, local=line.code == local)
    )


def priorities_of(platform: Platform, code: str) -> tuple[int, ...]:
    """The priorities of a site's voters: the highest of all regions are those of the region that manages the set.

    So MongoDB's primary follows the authority record as PostgreSQL's does: after a turn the same numbers are dealt
    out anew, the managing region first, the others in the order of the list. A witness keeps its own.
    """
    if code in {line.code for line in platform.witnesses}:
        return platform.site(code).mongodb.priorities
    first = managing_region(platform)
    order = sorted(platform.regions, key=lambda line: line.code != first)
    rest = sorted((p for line in platform.regions for p in line.mongodb.priorities), reverse=True)
    dealt: dict[str, tuple[int, ...]] = {}
    for line in order:
        count = len(line.mongodb.priorities)
        dealt[line.code], rest = tuple(rest[:count]), rest[count:]
    return dealt[code]


def managing_region(platform: Platform) -> str:
    """The region whose operator writes the set's configuration: the primary, with one exception.

    After a failover that left no majority it stays the lost region until a person has forced a
    reconfiguration: an operator that is told to manage a set without a primary begins a new one.
    """
    authority, forced = platform.authority, platform.mongodb.forced
    if authority.change != "failover" or authority.previous is None:
        return authority.primary
    settled = forced is not None and forced.epoch == authority.epoch
    return authority.primary if settled or has_majority_without(platform, authority.previous) else authority.previous


def has_majority_without(platform: Platform, code: str) -> bool:
    """True where the other sites' voters are more than half of all."""
    voters = {line.code: len(line.mongodb.priorities) for line in platform.sites}
    return sum(count for other, count in voters.items() if other != code) * 2 > sum(voters.values())


def reachable_members(platform: Platform, local: str) -> tuple[Member, ...]:
    """The members by the names that applications in the region `local` use.

    The community operator names them itself, by its headless Service, which only its own cluster knows.
    """
    members = all_members(platform, local=local)
    if platform.mongodb.operator == "percona":
        return members
    name, namespace = platform.mongodb.name, platform.mongodb.namespace
    service = f"{name}-svc.{namespace}.svc.cluster.local"
    return tuple(
        replace(member, host=f"{name}-{member.index}.{service}", port=MONGODB_PORT)
        for member in members
        if member.votes
    )


def certificate_names(platform: Platform) -> tuple[str, ...]:
    """Every name under which a member can be reached: over the mesh, and inside its own cluster."""
    names = [member.host for member in all_members(platform, local="")]
    for line in platform.sites:
        service = f"{cluster_name(line)}-rs0.{platform.mongodb.namespace}"
        names += [f"*.{service}", f"*.{service}.svc", f"*.{service}.svc.cluster.local"]
    community = f"*.{platform.mongodb.name}-svc.{platform.mongodb.namespace}.svc.cluster.local"
    return (*names, *([community] if platform.mongodb.operator == "community" else []), "localhost")


def cluster_name(line: SiteLine) -> str:
    """The name of a site's PerconaServerMongoDB; its pods are `<name>-rs0-<index>`."""
    return f"mongodb-{line.code}"
