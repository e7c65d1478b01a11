"""Asks MongoDB's members, with mongosh in their own containers: no password leaves the cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from components.mongodb.members import Member
from operations.access import NOT_AT_HAND, AnsweredError, Cluster, UnreachableError
from regions.members import cluster_name, members_of
from settings.platform import Platform

SCRIPTS: Final = Path(__file__).parent / "scripts"
REPLICA_SET: Final = "rs0"
MONGOSH_SECONDS: Final = 25.0
"""mongosh needs some seconds to start, five to find nobody, and a majority write up to ten."""

User = Literal["CLUSTER_ADMIN", "DATABASE_ADMIN"]


@dataclass(frozen=True)
class Seat:
    """A member and the pod that it is."""

    site: str
    member: Member
    namespace: str
    pod: str


@dataclass(frozen=True)
class Seen:
    """What a member said, or why it said nothing (`silence`)."""

    seat: Seat
    answer: Mapping[str, Any] = field(default_factory=dict)
    silence: str = ""

    @property
    def primary(self) -> bool:
        """Whether it says that it is the primary."""
        hello = self.answer.get("hello") or {}
        return bool(hello.get("isWritablePrimary"))


def seats(platform: Platform) -> list[Seat]:
    """The pods of all members of all sites."""
    return [
        Seat(
            line.code,
            member,
            platform.mongodb.namespace,
            f"{cluster_name(line)}-{REPLICA_SET}-{member.index}",
        )
        for line in platform.sites
        for member in members_of(platform, line, local=False)
    ]


def ask(
    cluster: Cluster, seat: Seat, script: str, *, user: User = "CLUSTER_ADMIN", address: str = "", options: str = ""
) -> Any:
    """What a script gives at `address` (host:port; the member's own pod by default), as JSON values.

    `options` are appended to the URI. Raises UnreachableError and AnsweredError.
    """
    direct = "" if options else "&directConnection=true"
    words = [user, address or "localhost:27017", f"{options}{direct}", script]
    command = ["sh", "-s", "--", *words]
    text = cluster.execute(
        seat.namespace,
        seat.pod,
        "mongod",
        command,
        stdin=(SCRIPTS / "run.sh").read_text(encoding="utf-8"),
        seconds=MONGOSH_SECONDS,
    )
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        last = text.strip().splitlines()[-1:] or ["nothing"]
        raise AnsweredError(f"{seat.site}: mongosh in {seat.pod} said {last[0]!r}, which is no JSON") from None


def script(name: str) -> str:
    """One of the scripts of this package."""
    return (SCRIPTS / name).read_text(encoding="utf-8")


def survey(platform: Platform, clusters: Mapping[str, Cluster]) -> list[Seen]:
    """What every member of every site says, asked at once."""
    text = script("member.js")

    def look(seat: Seat) -> Seen:
        if seat.site not in clusters:
            return Seen(seat, silence=NOT_AT_HAND)
        try:
            return Seen(seat, answer=ask(clusters[seat.site], seat, text))
        except (UnreachableError, AnsweredError) as error:
            return Seen(seat, silence=str(error))

    found = seats(platform)
    with ThreadPoolExecutor(max_workers=max(1, len(found))) as pool:
        return list(pool.map(look, found))
