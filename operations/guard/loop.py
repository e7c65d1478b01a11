"""The guard's loop: two threads, so that a store that does not answer delays nothing.

One looks at the record and states what is so; the other asks the cluster, decides, and loads the barrier.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from operations.epoch import EpochStore
from operations.guard.cluster import Cluster
from operations.guard.decide import Facts, Found, Order, decide
from operations.guard.look import Look, Place, Said
from operations.guard.memory import Memory

TICK: Final = 1.0
"""Seconds between two looks at the cluster: it must be shut within that time where a copy turns into a primary."""

LOOK: Final = 2.0
"""Seconds between two looks at the record. Six nodes make some eight million reads of R2 a month, below the ten that
are free."""

AGAIN: Final = 5.0
"""Seconds after which the barrier is loaded again, whatever somebody did to it meanwhile; a quarter of the lease where
that is less."""


class Kernel(Protocol):
    """What loads the barrier."""

    def found(self) -> Found:
        """What is loaded."""
        ...

    def load(self, order: Order, instances: frozenset[str]) -> None:
        """Makes it so."""
        ...

    def remove(self) -> None:
        """Takes it away."""
        ...


class Api(Protocol):
    """What tells of the region's cluster."""

    def read(self) -> Cluster:
        """As it is now. Raises OSError, ValueError or KeyError where it does not tell."""
        ...


class Guard:
    """`look` and `act` are one turn of each thread; `run` repeats them until `stop` is set."""

    def __init__(
        self,
        place: Place,
        store: EpochStore,
        cluster: Api,
        kernel: Kernel,
        memory: Memory,
        say: Callable[[str], None] = print,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place, self._cluster, self._kernel, self._clock = place, cluster, kernel, clock
        self._said = Said(say)
        self._record = Look(place, store, memory, self._said, clock)
        self._seen = Cluster(follows=None, instances=frozenset())
        self._loaded: tuple[Order, frozenset[str], float] | None = None
        self._read, self._acted = threading.Event(), threading.Event()
        self.stop = threading.Event()

    def look(self) -> None:
        """One look at the record."""
        before = self._record.reading
        reached = self._record.once()
        after = self._record.reading
        if after is not None and (before is None or before.turn != after.turn):
            self._read.set()
        if reached:
            self._sign("read")

    def act(self) -> None:
        """Asks the cluster, decides, and loads what is due. Raises SubprocessError where the kernel refuses."""
        self._sign("turned")
        if self._place.off is not None and self._place.off.exists():
            self._kernel.remove()
            self._loaded = None
            self._said("barrier", "none: this node is not guarded any more")
            return
        self._ask()
        reading = self._record.reading
        turn = reading.turn if reading else self._record.turn()
        order = decide(
            Facts(
                region=self._place.region,
                isolation=self._place.isolation,
                ttl=self._place.ttl,
                now=self._clock(),
                reading=reading,
                remembered=turn,
                follows=self._seen.follows,
                found=self._kernel.found() if reading is None else Found(barrier="closed"),
            )
        )
        if not order.keep:
            self._load(order)
        applied = (turn.epoch if turn else 0, order.barrier)
        if applied != self._record.applied:
            self._record.applied = applied
            self._acted.set()
        self._said("barrier", f"{order.barrier}: {order.why}")

    def _ask(self) -> None:
        """How the cluster is; as it was where nobody tells, since nobody can have changed it then either."""
        followed, turn = self._seen.follows, self._record.turn()
        try:
            self._seen = self._cluster.read()
            self._said("cluster", "the cluster is in reach")
        except (OSError, ValueError, KeyError) as error:
            self._said("cluster", f"the cluster: {error}")
        if followed and not self._seen.follows and (turn is None or turn.primary != self._place.region):
            # Perhaps it is promoted by a record that was not read yet: readers are kept for the moment of one look.
            self._read.clear()
            self._acted.set()
            self._read.wait(TICK)

    def _load(self, order: Order) -> None:
        """Where it is new, or was loaded long enough ago."""
        now, instances = self._clock(), self._seen.instances
        if self._loaded is not None:
            last, known, at = self._loaded
            same = (last.barrier, last.seconds is None, known) == (order.barrier, order.seconds is None, instances)
            if same and now - at < min(self._place.ttl / 4, AGAIN):
                return
        self._kernel.load(order, instances)
        self._loaded = (order, instances, now)
        if order.seconds is not None and self._clock() - now > order.seconds:
            # Held up between the decision and the kernel, until its time had run out.
            self._kernel.load(Order(barrier="closed", why="late"), instances)
            self._loaded = None

    def run(self) -> None:
        """Both threads, until `stop`. Raises what ended the first of them; the kernel keeps what was loaded."""
        failed: list[Exception] = []
        looker = threading.Thread(target=self._repeat, args=(self.look, self._acted, LOOK, failed), daemon=True)
        looker.start()
        self._repeat(self.act, self._read, TICK, failed)
        self._acted.set()
        looker.join(10)
        if failed:
            raise failed[0]

    def _repeat(
        self, turn: Callable[[], None], sooner: threading.Event, seconds: float, failed: list[Exception]
    ) -> None:
        try:
            while not self.stop.is_set():
                sooner.clear()
                turn()
                sooner.wait(seconds)
        except Exception as error:
            failed.append(error)
        finally:
            self.stop.set()

    def _sign(self, name: str) -> None:
        if self._place.signs is not None:
            (self._place.signs / name).touch()
