"""Where a drill plays: two regions, somebody who breaks things, somebody who runs commands, and the load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from operations.access import AnsweredError, Cluster, UnreachableError
from operations.drill.events import Read, Write
from operations.drill.hands import Hands
from operations.drill.load import Rate, Source, stopped
from operations.drill.measure import first_by
from operations.drill.operator import Operator, Ran
from operations.drill.users import Users
from operations.status.databases import Seen, look, sql
from operations.stopped import StoppedError
from settings.loader import load_project
from settings.naming import postgres_host
from settings.platform import Authority, Platform

WARM_SECONDS: Final = 8.0
"""Of undisturbed writes before anything breaks."""

WRITES_SECONDS: Final = 60.0
"""Until both regions' pods have written a first row."""


@dataclass
class Stage:
    """`writer` writes when the drill begins, `other` follows it. `run` is the drill's name in every row."""

    root: Path
    clusters: Mapping[str, Cluster]
    hands: Hands
    operator: Operator
    image: str
    rate: Rate
    run: str
    writer: str
    other: str
    say: Callable[[str], None]
    users: Users
    sources: dict[str, Source] = field(default_factory=dict)
    marks: list[tuple[float, str]] = field(default_factory=list)
    begun: float = 0.0
    ended: float = 0.0

    @cached_property
    def platform(self) -> Platform:
        """The settings as the drill found them: names, namespaces, limits. Asked for several times a second."""
        return load_project(self.root).platform

    def authority(self) -> Authority:
        """The record as it stands in the settings now: commands edit it."""
        return load_project(self.root).platform.authority

    def name(self, code: str) -> str:
        """The region's Cluster, by which its database goes."""
        return self.platform.region(code).postgres.cluster

    # The load

    def start(self, *codes: str) -> None:
        """The load runs in these regions, undisturbed for a while. Raises StoppedError."""
        self.users.start()
        for code in codes:
            self.join(code)
        self.begun = time.time()
        for code in codes:
            self.wait(lambda code=code: bool(self.sources[code].events.acknowledged(self.begun)),  # type: ignore[misc]
                      WRITES_SECONDS, f"No row was written from {code}")  # fmt: skip
        self.begun = time.time()
        self.hold(WARM_SECONDS)

    def join(self, code: str, *, alone: bool = False) -> None:
        """The load runs in one more region; `alone` it tries to write to that region's own database and no other.

        Raises StoppedError.
        """
        namespace = self.platform.applications[0].namespace
        number = len(self.sources)
        own = f"{postgres_host(self.platform, self.platform.region(code))}:{self.platform.postgres.node_port}"
        source = Source(self.clusters[code], namespace, f"drill-{self.run}-{number}", own if alone else "")
        source.start(self.image, self.run, self.rate)
        self.sources[code] = source

    def finish(self) -> None:
        """The load ends, and what the pods know is complete as far as they can be asked."""
        self.ended = time.time()
        self.users.stop()
        stopped(self.sources.values())

    @property
    def writes(self) -> list[Write]:
        """Of all regions."""
        return [write for source in self.sources.values() for write in [*source.events.writes]]

    def reads(self, code: str) -> list[Read]:
        """Of one region."""
        return [*self.sources[code].events.reads] if code in self.sources else []

    # What happens

    def mark(self, text: str, at: float | None = None) -> float:
        """Notes what happens now, or happened `at`; gives that time."""
        when = time.time() if at is None else at
        self.marks.append((when, text))
        self.say(f"* {text}{'' if at is None else f', {time.time() - at:.1f} s ago'}")
        return when

    def command(self, text: str, without: str = "") -> Ran:
        """The operator runs a command."""
        return self.operator.run(text, without)

    def hold(self, seconds: float) -> None:
        """Things go on as they are."""
        time.sleep(seconds)

    def wait(self, ready: Callable[[], bool], seconds: float, failure: str) -> float:
        """Until `ready`; gives the time. Raises StoppedError with `failure`."""
        deadline = time.time() + seconds
        while not ready():
            if time.time() > deadline:
                raise StoppedError(f"{failure} within {seconds:.0f} s. The drill is off.")
            time.sleep(0.2)
        return time.time()

    def wait_for_write(self, code: str, since: float, seconds: float) -> float:
        """Until the region's database has acknowledged a row after `since`; gives that time. Raises StoppedError."""
        cluster = self.name(code)
        self.wait(lambda: first_by(self.writes, cluster, since) is not None, seconds, f"{code} took no row")
        return first_by(self.writes, cluster, since) or since

    def look(self, code: str) -> Seen:
        """The region as its database tells."""
        return look(self.platform, self.clusters[code])

    def follows(self, code: str) -> bool:
        """Whether it streams from another region."""
        return bool(self.look(code).state.get("source"))

    def generations(self) -> list[int]:
        """Of both Clusters: what rises when anybody changes what they are to be."""
        return [int(self.look(code).resource["metadata"]["generation"]) for code in (self.writer, self.other)]

    def rows(self, code: str) -> Mapping[str, frozenset[int]]:
        """The drill's rows that the region's database has, as numbers by region. Raises StoppedError."""
        try:
            leader = self.look(code).leader
            told = sql(self.platform, self.clusters[code], leader, _ROWS.format(run=self.run),
                       database=self.platform.postgres.database)  # fmt: skip
        except (UnreachableError, AnsweredError) as error:
            raise StoppedError(f"The rows of {code} cannot be counted: {error}. The drill is off.") from None
        found: dict[str, set[int]] = {}
        for line in told.splitlines():
            region, number = line.split("|")
            found.setdefault(region, set()).add(int(number))
        return {region: frozenset(numbers) for region, numbers in found.items()}


_ROWS: Final = "select region, number from ledger where run = '{run}';"


def regions_of(platform: Platform, seen: Sequence[Seen]) -> tuple[str, str]:
    """Who writes, and who may take over: the first other region. Raises StoppedError."""
    primary = platform.authority.primary
    if not any(each.code == primary and each.writes for each in seen):
        raise StoppedError(f"{primary} is to write and does not (openova status). Nothing was broken.")
    others = [each.code for each in seen if each.code != primary]
    if not others:
        raise StoppedError(f"{platform.domain} has one region: nobody could take over. Nothing was broken.")
    return primary, others[0]
