"""Where the record is kept: what a store does, whatever keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from operations.epoch.record import EpochRecord, Stated, Statement, Versioned


class StoreError(Exception):
    """The store did not do what it was asked."""


class Conflict(StoreError):  # noqa: N818 - the name of what happened
    """Another writer came first, or the record may not take the place of the one that is there. Nothing was written."""


class Unreachable(StoreError):  # noqa: N818
    """No answer within the store's time limit, or one that tells of a fault in it.

    After a write nobody knows whether it was done: read again.
    """


class Refused(StoreError):  # noqa: N818
    """It answered, and does not let these credentials in, or has no such bucket. To wait does not help."""


class Unreadable(StoreError):  # noqa: N818
    """It answered with something that is no record of this form."""


class EpochStore(Protocol):
    """Keeps one record and, for each node, its last statement. Every call ends within a few seconds.

    All writes of the record are conditional: of several writers at one time exactly one succeeds. What was written is
    what every later read gives (R2, S3 and their like promise that).
    """

    def read(self) -> Versioned | None:
        """The record; None where there is none yet. Raises Unreachable, Refused, Unreadable."""
        ...

    def write(self, record: EpochRecord, expected: Versioned | None) -> str:
        """Puts the record in the place of `expected`, or makes the first one, and gives its version.

        Raises Conflict where something else stands there by now, or where `record.replaces` says no; else as `read`.
        """
        ...

    def state(self, statement: Statement) -> None:
        """Replaces the node's statement. Raises Unreachable, Refused."""
        ...

    def statements(self, region: str) -> Sequence[Stated]:
        """The last statement of every node of the region that ever made one. Raises as `read`."""
        ...
