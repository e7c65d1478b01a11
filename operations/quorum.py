"""What stays readable and writable when members or regions are lost.

MongoDB: an election needs a majority of all voting members, and at least one reachable member that can
become primary (priority above 0, not an arbiter); a write with w:majority needs acknowledgements from a
majority of the voting members, from members that bear data (MongoDB manual: replica set elections;
write concern, "majority"; replica set arbiter).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Voter:
    """A member of a replica set. `group` is what can be lost at once, such as its region."""

    name: str
    group: str
    priority: float = 1
    votes: int = 1
    arbiter: bool = False


@dataclass(frozen=True)
class Survival:
    """What a set can still do: `elects` a primary, takes a `w: majority` write, serves a `reads`."""

    elects: bool
    majority_writes: bool
    reads: bool


def majority(votes: int) -> int:
    """The smallest number that is more than half."""
    return votes // 2 + 1


def survival(members: Sequence[Voter], lost: Iterable[str]) -> Survival:
    """What the members can do without those of the lost names."""
    gone = set(lost)
    left = [member for member in members if member.name not in gone]
    needed = majority(sum(member.votes for member in members))
    electable = any(member.priority > 0 and member.votes and not member.arbiter for member in left)
    elects = electable and sum(member.votes for member in left) >= needed
    # With many arbiters the members that bear data are fewer than a majority; then all of them must acknowledge.
    acknowledging = min(needed, sum(member.votes for member in members if not member.arbiter))
    bearing = sum(member.votes for member in left if not member.arbiter)
    return Survival(
        elects=elects,
        majority_writes=elects and bearing >= acknowledging,
        reads=any(not member.arbiter for member in left),
    )


def without_group(members: Sequence[Voter], group: str) -> Survival:
    """What the members can do when one group, such as a region, is lost whole."""
    return survival(members, [member.name for member in members if member.group == group])


@dataclass(frozen=True)
class Capability:
    """What users of a system can still do, and why."""

    read: bool
    write: bool
    note: str


@dataclass(frozen=True)
class Loss:
    """The loss of one region, for each system."""

    region: str
    postgresql: Capability
    mongodb: Capability | None
    k3s: Capability


@dataclass(frozen=True)
class Site:
    """A site as this model needs it: its K3s servers, whether it writes to PostgreSQL, and whether it is a witness.

    A witness has a MongoDB member and no PostgreSQL.
    """

    code: str
    servers: int
    writes: bool
    witness: bool = False


def losses(sites: Sequence[Site], voters: Sequence[Voter]) -> list[Loss]:
    """For each region: what is left to the others when it is lost."""
    return [
        Loss(
            region=site.code,
            postgresql=_postgresql(site, [other for other in sites if other != site]),
            mongodb=_mongodb(voters, site.code, len(sites)) if voters else None,
            k3s=_k3s(site, [other for other in sites if other != site]),
        )
        for site in sites
    ]


def _postgresql(lost: Site, others: Sequence[Site]) -> Capability:
    if lost.witness:
        return Capability(True, True, "A witness has no PostgreSQL.")
    left = [site for site in others if not site.witness]
    if not left:
        return Capability(False, False, "No other region. Restore the last backup into a new cluster.")
    if any(site.writes for site in left):
        return Capability(True, True, "The writing region is not touched; it only loses a follower.")
    return Capability(
        True,
        False,
        f"Reads go on from {_names(left)}. Writes come back with a failover; what {lost.code} had accepted and "
        "not yet sent is lost (asynchronous replication).",
    )


def _mongodb(voters: Sequence[Voter], lost: str, sites: int) -> Capability:
    total = sum(voter.votes for voter in voters)
    left = sum(voter.votes for voter in voters if voter.group != lost)
    state = without_group(voters, lost)
    share = f"{left} of {total} voters are left, {majority(total)} are needed"
    if sites == 1:
        return Capability(False, False, "No other region. Restore the last backup into a new cluster.")
    if state.majority_writes:
        return Capability(True, True, f"{share}: a primary is elected by itself.")
    remedy = "A data-bearing member at a third site (2+2+1 voters) would keep elections and w:majority writes."
    lack = "writes that ask for w:majority never return" if state.elects else "no primary, read-only"
    return Capability(state.reads, False, f"{share}: {lack}. {remedy}")


def _k3s(lost: Site, left: Sequence[Site]) -> Capability:
    if not left:
        return Capability(False, False, "The cluster is gone with its region. Restore its etcd snapshot.")
    verb = "is" if len(left) == 1 else "are"
    return Capability(True, True, f"Clusters share nothing: {_names(left)} {verb} whole.")


def _names(sites: Sequence[Site]) -> str:
    return " and ".join(site.code for site in sites)
