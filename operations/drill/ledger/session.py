"""One connection that is made anew after any failure: all that following a writer takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg

SILENCE_MS: Final = 4000
"""How long what was sent may stay unanswered. A region that died does not close its connections; without this limit
Linux waits for a quarter of an hour (tcp_retries2)."""

STATEMENT_MS: Final = 4000
"""What the server may take for one statement; a commit that waits for a standby counts."""


def only(url: str, hosts: str) -> str:
    """The URL with these `hosts` (HOST:PORT, separated by commas) alone."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}{hosts}"))


class Session:
    """A connection by a URL that lists every region. Not for several threads at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None

    def run(self, statement: LiteralString, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        """The first row, or an empty one. Raises psycopg.Error; whether a statement that failed was carried out is
        then unknown, and the next call makes a new connection."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            cursor = self._connection.execute(statement, values)
            return (cursor.fetchone() or ()) if cursor.description else ()
        except psycopg.Error:
            self.close()
            raise

    def read(self, statement: LiteralString, values: Sequence[Any] = ()) -> tuple[tuple[Any, ...], bool]:
        """The first row, and whether it was asked twice: a server that restarts ends every connection, and asking again
        does no harm where nothing is written. Raises psycopg.Error."""
        try:
            return self.run(statement, values), False
        except psycopg.OperationalError:
            return self.run(statement, values), True

    def close(self) -> None:
        """Leave. The next `run` connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self._url,
            autocommit=True,
            # A statement that is prepared would have to be prepared again after every change of connection.
            prepare_threshold=None,
            tcp_user_timeout=SILENCE_MS,
            keepalives_idle=2,
            keepalives_interval=1,
            keepalives_count=3,
            options=f"-c statement_timeout={STATEMENT_MS}",
        )
