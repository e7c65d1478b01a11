"""A writer that counts: numbered rows, one transaction each, by an application's own URL, and those acknowledged."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.postgres import Database
from tests.two_regions.probes import Probe

_WRITE = """
i={first}
while [ -e /tmp/{table} ]; do
  psql -XtAq -v ON_ERROR_STOP=1 "$DATABASE_PRIMARY_URL" -c "insert into {table} values ($i) returning id" 2>/dev/null
  i=$((i + 1))
done
"""


class Writer:
    """`acknowledged` are the numbers that the database said it has."""

    def __init__(self, probe: Probe, table: str) -> None:
        self.probe, self.table = probe, table
        self.acknowledged: list[int] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Begins, with the first number."""
        self.probe.told(f"touch /tmp/{self.table}")
        self._process = subprocess.Popen(
            self.probe.command(_WRITE.format(first=1, table=self.table)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def stop(self) -> None:
        """Ends after the row that is under way."""
        assert self._process is not None
        self.probe.told(f"rm -f /tmp/{self.table}")
        said, _ = self._process.communicate(timeout=60)
        self.acknowledged = [int(line) for line in said.split()]


@contextmanager
def writing(probe: Probe, database: Database, table: str) -> Iterator[Writer]:
    """Writes from the pod into a new table as long as the block lasts, and a second before and after it."""
    database.sql(f"create table {table} (id int primary key); grant all on {table} to app")
    writer = Writer(probe, table)
    writer.start()
    try:
        time.sleep(1)
        yield writer
        time.sleep(1)
    finally:
        writer.stop()


def lost(writer: Writer, database: Database) -> set[int]:
    """Acknowledged rows that the database does not have."""
    there = database.sql(f"select id from {writer.table}").split()
    return set(writer.acknowledged) - set(map(int, there))
