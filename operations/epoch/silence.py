"""From which moment on a region can no longer write, told from what its nodes last stated.

A guard with `isolation: fence` begins its lease anew only in this order: it notes the time by its own monotonic clock,
writes its statement, then reads the record, and holds the lease for `ttl` from the time it noted. Whoever claims a new
epoch writes the record first and reads the statements afterwards. So a lease that the claim did not stop was stated
before the claim, and is among what the claimer reads; it ends `ttl` after the store took that statement at the latest.

Both times are the store's: no clock of a region or an operator is trusted to tell the time of day, only to count
seconds. `margin` is for that: clocks that count at different speed, and members of the store that differ.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from operations.epoch.record import Stated, Versioned

GRAIN: Final = 1.0
"""Seconds by which the store's times may be too early: HTTP dates are whole seconds, cut off."""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """`seconds` after the claim was answered nothing of the region can write any more; 0 where every node has said
    so. None where waiting does not help: `unknown` are the nodes that would have to be switched off, and why."""

    seconds: float | None
    unknown: tuple[str, ...] = ()

    @property
    def confirmed(self) -> bool:
        """Every node has stated, after it read the new epoch, that its barrier is shut to writers."""
        return self.seconds == 0


def silence_of(claim: Versioned, statements: Sequence[Stated], nodes: Collection[str], margin: float) -> Silence:
    """When the nodes of a region that `claim` takes the pen from are silent. `margin` in seconds.

    `statements` must have been read after the claim was answered; ones of nodes that are not among `nodes` count too.
    """
    told = {stated.statement.node: stated for stated in statements}
    waits, unknown = [0.0], [] if {*nodes, *told} else ["no node is known"]
    for node in sorted({*nodes, *told}):
        stated = told.get(node)
        if stated is None:
            unknown.append(f"{node}: it has never stated anything")
        elif _confirms(stated, claim):
            continue
        elif stated.statement.isolation == "continue":
            unknown.append(f"{node}: it goes on without the record (isolation: continue)")
        else:
            waits.append(_remaining(stated, claim, margin))
    return Silence(seconds=None if unknown else max(waits), unknown=tuple(unknown))


def _confirms(stated: Stated, claim: Versioned) -> bool:
    return stated.statement.epoch >= claim.record.epoch and stated.statement.barrier != "open"


def _remaining(stated: Stated, claim: Versioned, margin: float) -> float:
    """Of a lease. A statement after the claim begins none, and hides the one before it: then the whole `ttl`."""
    age = max(0.0, (claim.stored - stated.stored).total_seconds() - GRAIN)
    return max(0.0, stated.statement.ttl - age) + margin
