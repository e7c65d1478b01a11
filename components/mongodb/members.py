"""The members of a replica set that spans regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FEWEST_PODS: Final = 3
"""The operator refuses a set of fewer pods in one cluster, or of an even number, unless it is told otherwise."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member as every region knows it.

    `host` and `port` are the name and the NodePort under which it is reached from everywhere, itself
    included; `region` is the value of its tag; `local` says whether it runs in this cluster, as the pod
    of that `index`. A member without a vote has no priority.
    """

    host: str
    port: int
    votes: int
    priority: int
    region: str
    index: int
    local: bool

    def __post_init__(self) -> None:
        """Raises ValueError for votes and priorities that MongoDB refuses."""
        if self.votes not in (0, 1) or not 0 <= self.priority <= 1000:
            raise ValueError(
                f"{self.host}: votes {self.votes}, priority {self.priority}. A member has 0 or 1 votes and a "
                "priority of 0 to 1000, or the set refuses its configuration; set `votes` and `priority` so."
            )
        if not self.votes and self.priority:
            raise ValueError(
                f"{self.host}: priority {self.priority} without a vote. A member that cannot vote cannot become "
                "primary either, and the set refuses it; set `priority` to 0."
            )

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


def region_members(
    *,
    hosts: Sequence[str],
    first_port: int,
    priorities: Sequence[int],
    region: str,
    local: bool,
    fewest: int = FEWEST_PODS,
) -> tuple[Member, ...]:
    """The members of one region: a voter for each priority, and non-voting ones up to an odd number of `fewest`.

    `hosts` are the names of all of them, voters first; ports are given in order from `first_port`. Two
    voters need a third pod that has no vote: the operator wants an odd number of pods, and a third vote
    in both regions would make the votes of the whole set even. A witness is one pod: `fewest` is 1 there.
    """
    pods = max(fewest, len(priorities) + (len(priorities) + 1) % 2)
    if len(hosts) < pods:
        raise ValueError(
            f"Region {region}: {len(priorities)} voting members need {pods} pods, and {len(hosts)} host names are "
            f"given. Give {pods}; those after the voters hold a copy of the data and no vote."
        )
    return tuple(
        Member(
            host=hosts[index],
            port=first_port + index,
            votes=1 if index < len(priorities) else 0,
            priority=priorities[index] if index < len(priorities) else 0,
            region=region,
            index=index,
            local=local,
        )
        for index in range(pods)
    )


def votes_granted(members: Sequence[Member]) -> list[int]:
    """The votes that the managed side's operator will really give, member by member.

    It knows no votes of its own pods: each gets one, and where that makes the number of all votes even,
    the last of them loses it. So a spare pod stays without a vote beside another region's voters, and
    gets one where its region is all that is left.
    """
    votes = [1 if member.local else member.votes for member in members]
    if sum(votes) % 2 == 0:
        local = [position for position, member in enumerate(members) if member.local]
        last = max(local, key=lambda position: members[position].index, default=None)
        if last is not None:
            votes[last] = 0
    return votes
