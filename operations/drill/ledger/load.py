"""Writes and reads at a steady rate, and says of each what came of it and when.

What is printed is one JSON object a line, ten times a second:
`writes` are `[number, asked, acknowledged, cluster]`, `failedWrites` `[number, asked, failed, reason]`, `reads`
`[asked, answered, cluster, whether it was asked twice]`, `failedReads` `[asked, failed, reason]`; times are seconds of
this machine's clock since 1970, `cluster` is the name that the database itself goes by.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString, TextIO

import psycopg

from operations.drill.ledger.session import Session

TELL_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 0.1
"""Between two tries after a failure, so that a database that refuses is not stormed."""

WAIT_SECONDS: Final = 1.0
"""How long the others wait at a time for those that try."""

SCOUTS: Final = 4
SCOUT_SECONDS: Final = 2.0
"""How long the others wait for a few. One that hangs at a region which is silent, for as long as the URL allows, holds
nobody up: others try in its place, as they would in a pool."""

BEHIND_SECONDS: Final = 0.5
"""A pace that was held up further than this goes on from now: what was not asked is not made up for at once."""

WRITE: Final[LiteralString] = "insert into ledger (run, region, number) values (%s, %s, %s) returning {}"
READ: Final[LiteralString] = (
    "select {}, (select number from ledger where run = %s and region = %s order by number desc limit 1)"
)
"""The newest row, by the index: a read costs the same at the end of a drill as at its beginning."""

NAME: Final[LiteralString] = "current_setting('cluster_name')"
TABLE: Final[LiteralString] = (
    "create table if not exists ledger (run text, region text, number bigint, "
    "written timestamptz not null default clock_timestamp(), primary key (run, region, number))"
)


@dataclass
class Pace:
    """Hands out numbers from 1 on, so many a second, to whoever asks next."""

    rate: float
    _due: float = field(default_factory=time.monotonic)
    _number: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> int:
        """The next number, once it is due."""
        with self._lock:
            self._due = max(self._due + 1 / self.rate, time.monotonic() - BEHIND_SECONDS)
            self._number += 1
            due, number = self._due, self._number
        time.sleep(max(0.0, due - time.monotonic()))
        return number


@dataclass
class Breaker:
    """After a failure a few go on trying, and the others wait for them, as in a pool of connections: many that dial a
    server which goes down keep it from going down, each with a handshake of TLS."""

    _well: threading.Event = field(default_factory=threading.Event)
    _since: dict[int, float] = field(default_factory=dict)
    """When each thread that tries began to."""

    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._well.set()

    def may_try(self) -> bool:
        """Whether this thread is to try now; waits a while where enough others do."""
        with self._lock:
            if self._well.is_set() or self._may_scout():
                return True
        return self._well.wait(WAIT_SECONDS)

    def worked(self) -> None:
        """Everybody may go on."""
        with self._lock:
            self._since.clear()
            self._well.set()

    def failed(self) -> None:
        """From now on a few try."""
        with self._lock:
            self._since.pop(threading.get_ident(), None)
            self._well.clear()
        time.sleep(RETRY_SECONDS)

    def _may_scout(self) -> bool:
        now = time.monotonic()
        if sum(now - since < SCOUT_SECONDS for since in self._since.values()) >= SCOUTS:
            return False
        self._since[threading.get_ident()] = now
        return True


@dataclass
class Teller:
    """Gathers what happened, and prints it."""

    out: TextIO
    _said: dict[str, list[list[Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, what: str, *values: Any) -> None:
        """One thing that happened."""
        with self._lock:
            self._said.setdefault(what, []).append([round(v, 3) if isinstance(v, float) else v for v in values])

    def flush(self) -> None:
        """Print what was gathered since the last time."""
        with self._lock:
            said, self._said = self._said, {}
        if said:
            self.out.write(json.dumps(said, separators=(",", ":")) + "\n")
            self.out.flush()


@dataclass(frozen=True, kw_only=True)
class Load:
    """`run` names the drill; `rate` is writes a second over all `connections`, `reads` reads a second."""

    primary: str
    replica: str
    region: str
    run: str
    rate: float
    connections: int
    reads: float

    def carry_out(self, teller: Teller, stop: threading.Event) -> None:
        """Until `stop`; then what is under way comes to its end."""
        pace, reads, breaker = Pace(self.rate), Pace(self.reads), Breaker()
        work = [lambda: self._write(pace, breaker, teller, stop)] * self.connections + [
            lambda: self._read(reads, teller, stop)
        ]
        threads = [threading.Thread(target=each, daemon=True) for each in work]
        for thread in threads:
            thread.start()
        while not stop.wait(TELL_SECONDS):
            teller.flush()
        for thread in threads:
            thread.join(5)
        teller.flush()

    def _write(self, pace: Pace, breaker: Breaker, teller: Teller, stop: threading.Event) -> None:
        session, statement = Session(self.primary), WRITE.format(NAME)
        while not stop.is_set():
            if not breaker.may_try():
                continue
            number, asked = pace.next(), time.time()
            try:
                (cluster,) = session.run(statement, (self.run, self.region, number))
                teller.tell("writes", number, asked, time.time(), cluster)
                breaker.worked()
            except psycopg.Error as error:
                teller.tell("failedWrites", number, asked, time.time(), short(error))
                if isinstance(error, psycopg.errors.UndefinedTable):
                    with suppress(psycopg.Error):  # another one makes it at the same time
                        session.run(TABLE)
                breaker.failed()
        session.close()

    def _read(self, pace: Pace, teller: Teller, stop: threading.Event) -> None:
        session, statement = Session(self.replica), READ.format(NAME)
        while not stop.is_set():
            pace.next()
            asked = time.time()
            try:
                (cluster, _), twice = session.read(statement, (self.run, self.region))
                teller.tell("reads", asked, time.time(), cluster, twice)
            except psycopg.Error as error:
                teller.tell("failedReads", asked, time.time(), short(error))
                stop.wait(RETRY_SECONDS)
        session.close()


def short(error: psycopg.Error) -> str:
    """The first line of what went wrong."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
