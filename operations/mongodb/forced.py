"""The forced reconfiguration: a replica set that lost its majority goes on with the members that are left.

It may lose writes that were acknowledged, and it makes two sets where the lost region still lives. So a person does
it, at a terminal, after being told; never a script (MongoDB manual, "Reconfigure a Replica Set with Unavailable
Members").
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.mongodb.shell import Seen, script
from operations.quorum import majority
from settings.platform import Platform


class NotNowError(Exception):
    """Why nothing may be forced. The text says what to do instead."""


@dataclass(frozen=True)
class Forcing:
    """What would be done: at which member, keeping which addresses, and what is known to be missing there."""

    at: Seen
    keep: tuple[str, ...]
    dropped: tuple[str, ...]
    version: int
    behind: tuple[tuple[str, float], ...]
    """Seconds by which the chosen member is behind the last that it heard of a dropped member, by address."""

    @property
    def javascript(self) -> str:
        """The script that does it; it looks again for a primary and for another configuration first."""
        text = script("force.js").replace("VERSION", str(self.version))
        return text.replace("MEMBERS", json.dumps(list(self.keep)))


def forcing(seen: Sequence[Seen], lost: Sequence[str]) -> Forcing:
    """What to do about the loss of the sites `lost`. Raises NotNowError where a majority or a primary is left."""
    primary = next((each for each in seen if each.primary), None)
    if primary is not None:
        raise NotNowError(
            f"{primary.seat.pod} is primary: the set has a majority and needs no force. Forcing it would make two sets "
            f"that both take writes. Look with: openova verify mongodb"
        )
    living = [each for each in seen if not each.silence and each.seat.site not in lost]
    with_config = [each for each in living if each.answer.get("config")]
    _check_heard(seen, lost, with_config)
    _check_majority(with_config)
    best = max(with_config, key=_optime)
    config = best.answer["config"]
    left = {each.seat.member.address for each in seen if each.seat.site not in lost}
    hosts = [str(member["host"]) for member in config["members"]]
    keep = tuple(host for host in hosts if host in left)
    return Forcing(
        at=best,
        keep=keep,
        dropped=tuple(host for host in hosts if host not in left),
        version=int(config["version"]),
        behind=tuple(_behind(best, left)),
    )


def check_lost(platform: Platform, lost: Sequence[str]) -> None:
    """Whether these are sites that may be called lost. Raises NotNowError."""
    unknown = [code for code in lost if code not in platform.site_codes]
    if unknown or not lost:
        raise NotNowError(
            f"{', '.join(unknown) or 'Nothing'} is no site to be lost; the sites are "
            f"{', '.join(platform.site_codes)}. Name those that are lost: --lost eu"
        )
    authority = platform.authority
    if authority.primary in lost:
        raise NotNowError(
            f"The record says that {authority.primary} writes, and you call it lost. Fail over first, so that the rest "
            f"of the platform agrees on who writes: docs/authority.md"
        )


def _check_heard(seen: Sequence[Seen], lost: Sequence[str], with_config: Sequence[Seen]) -> None:
    alive = [each.seat.pod for each in seen if each.seat.site in lost and not each.silence]
    if alive:
        raise NotNowError(
            f"{', '.join(alive)} of a site that you call lost answers: it is not lost, and its members may elect a "
            f"primary of their own. Restore the link, or fence that site first (stop its pods)."
        )
    heard = [
        str(member["name"])
        for each in with_config
        for member in _status(each)
        if member.get("stateStr") == "PRIMARY" and member.get("health") == 1
    ]
    if heard:
        raise NotNowError(
            f"The members that are left hear a primary, {heard[0]}, even if you do not reach it: nothing is to be "
            f"forced. Forcing it would make two sets that both take writes."
        )
    if not with_config:
        raise NotNowError(
            "No member of the sites that are left answers with a configuration; nothing can be forced from here. "
            "Start their pods first, or restore a backup."
        )


def _check_majority(with_config: Sequence[Seen]) -> None:
    """A set that could elect by itself is only in the middle of an election."""
    config = with_config[0].answer["config"]
    votes = {str(member["host"]): int(member.get("votes", 1)) for member in config["members"]}
    left = sum(votes.get(each.seat.member.address, 0) for each in with_config)
    needed = majority(sum(votes.values()))
    if left >= needed:
        raise NotNowError(
            f"{left} of {sum(votes.values())} voters answer and {needed} are needed: they elect a primary by "
            f"themselves, within about 12 s. Wait, and look again with: openova verify mongodb"
        )


def _optime(each: Seen) -> datetime:
    mine = [member for member in _status(each) if member.get("self")]
    return _time(mine[0]) if mine else datetime.min


def _behind(best: Seen, left: set[str]) -> list[tuple[str, float]]:
    """From the last heartbeats: only what the member has heard of. What came after them, nobody here knows."""
    mine = _optime(best)
    found = []
    for member in _status(best):
        if str(member.get("name")) not in left and _time(member) > mine:
            found.append((str(member["name"]), (_time(member) - mine).total_seconds()))
    return found


def _status(each: Seen) -> list[Mapping[str, Any]]:
    return list((each.answer.get("status") or {}).get("members") or [])


def _time(member: Mapping[str, Any]) -> datetime:
    """The time of the last operation; mongosh's relaxed JSON writes {"$date": "2026-01-01T00:00:00Z"}."""
    value = member.get("optimeDate")
    text = value.get("$date", "") if isinstance(value, Mapping) else str(value or "")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return datetime.min
