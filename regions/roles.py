"""What a region has to do, from the authority record alone, and when it must refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from settings.platform import Authority, Platform


@dataclass(frozen=True)
class Role:
    """A region's part in PostgreSQL.

    `writes`: it is, or becomes, a primary. `hands_over`: it demotes itself and gives the token of this
    epoch. `takes_over_from`: it may become primary only with that region's token of this epoch.
    `follows`: the region it replicates from.
    """

    kind: Literal["standalone", "primary", "replica"]
    epoch: int
    generation: int
    hands_over: bool = False
    takes_over_from: str | None = None
    follows: str | None = None

    @property
    def writes(self) -> bool:
        return self.kind != "replica"


@dataclass(frozen=True)
class PastRole:
    """What the region's own last finished `up` said of it."""

    epoch: int
    generation: int
    writes: bool


def role_of(code: str, platform: Platform) -> Role:
    """The role of a region."""
    authority = platform.authority
    generation = platform.region(code).postgres.generation
    if platform.phase != "read-replicas":
        return Role("standalone", authority.epoch, generation)
    planned = authority.change == "switchover"
    if code == authority.primary:
        source = authority.previous if planned else None
        return Role("primary", authority.epoch, generation, takes_over_from=source)
    return Role(
        "replica",
        authority.epoch,
        generation,
        hands_over=planned and code == authority.previous,
        follows=authority.primary,
    )


def refusal(code: str, role: Role, past: PastRole | None, authority: Authority) -> str | None:
    """Why this role must not be carried out after that past, or None where it may."""
    if past is None:
        return None
    reasons = (rule(code, role, past, authority) for rule in _RULES)
    return next((reason for reason in reasons if reason is not None), None)


def _old_record(code: str, role: Role, past: PastRole, _: Authority) -> str | None:
    if role.epoch >= past.epoch:
        return None
    return (
        f"Epoch {role.epoch} is older than epoch {past.epoch}, which {code} has already carried out. "
        f"An old record could make two regions write. Bring the configuration up to date (git pull)."
    )


def _leaves_replication(code: str, role: Role, past: PastRole, _: Authority) -> str | None:
    if role.kind != "standalone" or past.writes:
        return None
    return (
        f"{code} is a replica, and this phase makes it a writer of its own. It would leave the replication "
        f"without a trace, with all rows of the others and a history of its own. Phase active-active cannot be "
        f"entered in place; begin it with new stacks."
    )


def _same_epoch(code: str, role: Role, past: PastRole, _: Authority) -> str | None:
    if role.epoch != past.epoch or role.writes == past.writes:
        return None
    return (
        f"{code} carried out epoch {past.epoch} as {'primary' if past.writes else 'replica'}, and the record of "
        f"the same epoch now says otherwise. Two regions could write. Raise `epoch` by one with every change of "
        f"openova:authority, and say in `previous` and `change` how it came about."
    )


def _older_copy(code: str, role: Role, past: PastRole, _: Authority) -> str | None:
    if role.generation >= past.generation:
        return None
    return (
        f"Generation {role.generation} of {code} is older than its generation {past.generation}. The discarded "
        f"copy of the data would come back. Set generation: {past.generation} in openova:regions."
    )


def _nothing_to_hand_over(code: str, role: Role, past: PastRole, _: Authority) -> str | None:
    discarded = role.generation > past.generation
    if not role.hands_over or role.epoch <= past.epoch or (past.writes and not discarded):
        return None
    why = "its copy is to be discarded" if past.writes else f"it did not write in epoch {past.epoch}"
    return (
        f"{code} is to hand over in epoch {role.epoch}, but {why}, so it has nothing to hand over, and the region "
        f"that does write would go on writing. Name that region in `previous`, or, if it is lost, change: failover."
    )


def _steps_down(code: str, role: Role, past: PastRole, authority: Authority) -> str | None:
    allowed = role.generation > past.generation or (role.hands_over and role.epoch == past.epoch + 1)
    if not past.writes or role.writes or allowed:
        return None
    return (
        f"{code} wrote in epoch {past.epoch}, and epoch {authority.epoch} makes it a replica without a handover "
        f"or a new copy. CloudNativePG would call it healthy while it holds writes that nobody else has. Either "
        f"hand over (change: switchover, previous: {code}, epoch: {past.epoch + 1}), or discard its copy "
        f"(generation: {authority.epoch} and cloneFrom: {authority.primary} in its line of openova:regions)."
    )


_RULES = (_old_record, _leaves_replication, _same_epoch, _older_copy, _nothing_to_hand_over, _steps_down)
