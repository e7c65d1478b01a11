"""What stands outside all regions: the record of who may write, and each node's statement of what its barrier does."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from settings.base import camel

FORM: Final = 1
"""Raised when a field changes its meaning. A reader takes no other form."""

Change = Literal["switchover", "failover"]
Isolation = Literal["continue", "fence"]
Barrier = Literal["open", "reading", "closed"]
"""`open`: the region writes. `reading`: it follows another one, nothing in it can be written to. `closed`: nobody
reaches PostgreSQL but the instances of its own cluster."""


class _Stated(BaseModel):
    """Spelt as in Pulumi.yaml. A field that this version does not know is ignored: guards are not renewed at once."""

    model_config = ConfigDict(frozen=True, alias_generator=camel, populate_by_name=True)

    form: Literal[1] = Field(default=FORM)


class EpochRecord(_Stated):
    """Who may write. `at` is the clock of whoever claimed it, for people: nothing is decided by it."""

    epoch: int = Field(ge=1)
    primary: str = Field(min_length=1)
    previous: str | None = None
    change: Change | None = None
    claimed_by: str = ""
    at: AwareDatetime

    @model_validator(mode="after")
    def _whole(self) -> EpochRecord:
        first = self.epoch == 1
        if (self.previous is None, self.change is None) != (first, first):
            raise ValueError("`previous` and `change` stand in the record from epoch 2 on, and in no other")
        if self.previous == self.primary:
            raise ValueError(f"the previous primary is the primary itself, {self.primary!r}")
        return self

    def replaces(self, old: EpochRecord) -> bool:
        """Whether it may stand in the other's place: a higher epoch, or the same change told otherwise.

        Within an epoch the primary stays: a switchover that became a failover half way is the same region's turn.
        """
        if self.epoch == old.epoch:
            return (self.primary, self.previous) == (old.primary, old.previous)
        return self.epoch > old.epoch


class Statement(_Stated):
    """What the guard of one node says: that its lease begins anew, or that its barrier is closed.

    `epoch` is the highest that it has read, 0 before the first. `ttl` in seconds is that of its lease. `at` is the
    node's clock, for people.
    """

    region: str = Field(min_length=1)
    node: str = Field(min_length=1)
    epoch: int = Field(ge=0)
    barrier: Barrier
    isolation: Isolation
    ttl: float = Field(gt=0)
    at: AwareDatetime


def text_of(stated: EpochRecord | Statement) -> bytes:
    """As it is kept: JSON."""
    return stated.model_dump_json(by_alias=True, exclude_none=True).encode()


class Versioned(BaseModel):
    """The record as it was read. `version` is the store's own mark of exactly this content (an ETag), `stored` the
    time on the store's clock at which it took it, whole seconds at worst."""

    model_config = ConfigDict(frozen=True)

    record: EpochRecord
    version: str
    stored: datetime


class Stated(BaseModel):
    """A node's statement as it was read; `stored` as in Versioned."""

    model_config = ConfigDict(frozen=True)

    statement: Statement
    stored: datetime
