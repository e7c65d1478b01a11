"""The steps that move the writes. Each may be taken again: it looks at what is there and does what is missing."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from operations.access import AnsweredError, Cluster, UnreachableError
from operations.epoch import EpochRecord, EpochStore, Versioned, claim, silence_of
from operations.status.databases import CONTAINER, KIND, PSQL, Seen, look
from operations.stopped import StoppedError
from settings.platform import Platform

TOKEN_SECONDS: Final = 180.0
WRITE_SECONDS: Final = 180.0
PATCH_SECONDS: Final = 15.0
PAUSE: Final = 0.2
WATCH_SECONDS: Final = 10.0
"""How long one question may wait for its answer before it is asked anew."""

FENCED: Final = "cnpg.io/fencedInstances"
FENCE_SECONDS: Final = 5.0
TRY_SECONDS: Final = 0.1
_PROBE: Final = "begin; create temporary table openova_probe on commit drop as select 1; commit;"
_TRIES: Final = """
probe=$(cat) tries=$1 pause=$2
shift 2
for ((i = 0; i < tries; i++)); do
  "$@" <<< "$probe" 2> /dev/null && exit 0
  sleep "$pause"
done
exit 1
"""
"""Tries a statement again and again in the pod: its number of tries, the pause in seconds, and the command."""

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Turn:
    """One change of authority: the settings after it, the clusters, the record's store (None without a guard)."""

    platform: Platform
    clusters: Mapping[str, Cluster]
    store: EpochStore | None
    say: Callable[[str], None]

    def name(self, code: str) -> str:
        """The region's Cluster."""
        return self.platform.region(code).postgres.cluster

    def other(self, code: str) -> str:
        """The Cluster that a writing region names as its source: the first of the others, as the program has it."""
        return next(line.postgres.cluster for line in self.platform.regions if line.code != code)


def demote(turn: Turn, code: str) -> None:
    """The region's Cluster is told to follow the new primary. Raises StoppedError where it cannot be told."""
    primary = turn.name(turn.platform.authority.primary)
    _patch(turn, code, {"primary": primary, "source": primary, "promotionToken": None})
    turn.say(f"{code} demotes itself")


def token_of(turn: Turn, code: str) -> str:
    """The token of the demotion. Raises StoppedError where none comes."""

    found = _until(lambda: _token(turn, code), TOKEN_SECONDS)
    if found is None:
        raise StoppedError(
            f"{code} has given no demotion token within {TOKEN_SECONDS:.0f} s: it does not write any more, and nobody "
            f"else does yet. Look at its WAL archiving (kubectl describe cluster), then run the same command again; or "
            f"hand back: git checkout Pulumi.yaml and pulumi up --stack {code}."
        )
    turn.say(f"{code} has given its token")
    return found


def promote(turn: Turn, code: str, token: str | None) -> None:
    """The region's Cluster is told to write. Raises StoppedError where it cannot be told."""
    _patch(turn, code, {"primary": turn.name(code), "source": turn.other(code), "promotionToken": token})
    turn.say(f"{code} promotes itself")


def wait_for_writes(turn: Turn, code: str) -> Seen:
    """Until the region's database has taken a transaction. Raises StoppedError."""

    found = _until(lambda: _written(turn, code), WRITE_SECONDS)
    if found is None:
        raise StoppedError(
            f"{code} does not write {WRITE_SECONDS:.0f} s after it was told to. Run the same command again; look with: "
            f"openova status, and kubectl describe cluster {turn.name(code)}"
        )
    turn.say(f"{code} writes, on timeline {found.state['timeline']}")
    return found


def claim_record(turn: Turn) -> Versioned | None:
    """The record outside both regions is made this turn's. None without a guard. Raises StoreError."""
    if turn.store is None:
        return None
    authority = turn.platform.authority
    record = EpochRecord(
        epoch=authority.epoch,
        primary=authority.primary,
        previous=authority.previous,
        change=authority.change,
        claimed_by=getpass.getuser(),
        at=datetime.now(UTC),
    )
    claimed = claim(turn.store, record)
    turn.say(f"the record names {authority.primary}, epoch {authority.epoch}")
    return claimed


def fence(turn: Turn, code: str) -> bool:
    """The region's own operator stops its database, where its API answers; whether it was told to.

    A new copy does not have the annotation: it goes with the old one.
    """
    cluster = turn.clusters.get(code)
    if cluster is None:
        return False
    where = (KIND, turn.name(code), f"--namespace={turn.platform.postgres.namespace}")
    try:
        cluster.kubectl("annotate", *where, f'{FENCED}=["*"]', "--overwrite", seconds=FENCE_SECONDS)
    except (UnreachableError, AnsweredError):
        return False
    turn.say(f"{code} is told to stop its database, for its API answers")
    return True


def wait_for_silence(turn: Turn, lost: str, claimed: Versioned | None, ask: Callable[[Sequence[str]], bool]) -> None:
    """Until nothing of the lost region can write any more.

    Where waiting proves nothing, `ask` is told the nodes and why; False stops with StoppedError.
    """
    if claimed is None or turn.store is None:
        if not ask([f"{node}: no guard is on it" for node in turn.platform.region(lost).nodes]):
            raise StoppedError(f"{lost} may still write. The settings name the new writer; run the same command again.")
        return
    begun = time.monotonic()
    nodes = turn.platform.region(lost).nodes
    silence = silence_of(claimed, turn.store.statements(lost), nodes, turn.platform.guard.margin)
    if silence.seconds is None:
        if not ask(silence.unknown):
            raise StoppedError(f"{lost} may still write. The record names the new writer; run the same command again.")
        return
    if silence.confirmed:
        turn.say(f"{lost} has stated that it is shut")
        return
    turn.say(f"{lost} is waited for, {silence.seconds:.0f} s: then its leave to write has ended")
    while (left := silence.seconds - (time.monotonic() - begun)) > 0:
        time.sleep(min(left, 1.0))
        now = silence_of(claimed, turn.store.statements(lost), nodes, turn.platform.guard.margin)
        if now.confirmed:
            turn.say(f"{lost} has stated that it is shut")
            return


def _token(turn: Turn, code: str) -> str | None:
    """One watch, and no questions again and again: whoever demotes has better things to do than to answer them."""
    where = (f"{KIND}/{turn.name(code)}", f"--namespace={turn.platform.postgres.namespace}")
    cluster = turn.clusters[code]
    watched = ("wait", "--for=jsonpath={.status.demotionToken}", f"--timeout={WATCH_SECONDS:.0f}s")
    with suppress(AnsweredError):  # its time is over; or a kubectl before 1.31, which cannot wait for a field
        cluster.kubectl(*watched, *where, seconds=WATCH_SECONDS)
    return cluster.kubectl("get", *where, "--output=jsonpath={.status.demotionToken}") or None


def _written(turn: Turn, code: str) -> Seen | None:
    """The region, once its leader has taken a transaction. The pod asks itself, ten times a second."""
    seen = look(turn.platform, turn.clusters[code])
    if not seen.leader:
        return None
    tries = ["bash", "-c", _TRIES, "bash", str(round(WATCH_SECONDS / TRY_SECONDS)), str(TRY_SECONDS),
             *PSQL, turn.platform.postgres.database]  # fmt: skip
    place = (turn.platform.postgres.namespace, seen.leader, CONTAINER)
    turn.clusters[code].execute(*place, tries, stdin=_PROBE, seconds=WATCH_SECONDS)
    seen = look(turn.platform, turn.clusters[code])
    return seen if seen.writes else None


def _patch(turn: Turn, code: str, replica: Mapping[str, Any]) -> None:
    text = json.dumps({"spec": {"replica": replica}})
    where = (KIND, turn.name(code), f"--namespace={turn.platform.postgres.namespace}")
    try:
        # By standard input: a token has no place in a list of processes.
        turn.clusters[code].kubectl(
            "patch", *where, "--type=merge", "--patch-file=/dev/stdin", stdin=text, seconds=PATCH_SECONDS
        )
    except (UnreachableError, AnsweredError) as error:
        raise StoppedError(
            f"The Cluster of {code} could not be changed: {error}. The settings have the change, the cluster not yet; "
            f"run the same command again."
        ) from None


def _until(found: Callable[[], _Found | None], seconds: float) -> _Found | None:
    """The first thing found. Errors on the way are waited out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if (thing := found()) is not None:
                return thing
        except (UnreachableError, AnsweredError):
            pass
        time.sleep(PAUSE)
    return None
