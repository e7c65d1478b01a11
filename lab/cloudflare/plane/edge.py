"""The data plane as a whole: in its own time for tests, or running beside the API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lab.cloudflare.account import Account
from lab.cloudflare.plane.checks import at_once
from lab.cloudflare.plane.clock import Agenda, Clock, ScaledClock, VirtualClock
from lab.cloudflare.plane.front import Front, Served
from lab.cloudflare.plane.health import Health
from lab.cloudflare.plane.network import Ask, Network, Outcome
from lab.cloudflare.plane.places import Place, place

_LONGEST_WAIT = 0.2


@dataclass
class Edge:
    """The edge of one account. With the default clock nothing happens until `advance` lets time pass."""

    account: Account
    network: Network = field(default_factory=Network)
    clock: Clock = field(default_factory=VirtualClock)
    agenda: Agenda = field(init=False)
    health: Health = field(init=False)
    front: Front = field(init=False)

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.clock)
        self.health = Health(self.account, self.agenda, self.network, at_once)
        self.front = Front(self.account, self.health, self.network)
        self.account.health_of = self.health.by_region

    @property
    def lock(self) -> threading.RLock:
        """Whoever looks into health or lets time pass holds the account's lock."""
        return self.account.lock

    def advance(self, seconds: float) -> None:
        """Let time pass: checks are made, verdicts become known."""
        with self.lock:
            self.health.sync()
            self.agenda.run_until(self.clock.now() + seconds)

    def serve(self, host: str, place: Place, ask: Ask) -> Served:
        """Answer a request."""
        with self.lock:
            self.health.sync()
        return self.front.serve(host, place, ask)

    def get(self, host: str, pop: str, country: str = "", path: str = "/") -> Served:
        """A GET of a user whom this data centre answers. Raises ValueError for a data centre that is none."""
        return self.serve(host, place(pop, country), Ask("GET", path, {"Host": host}, trusting=True))

    def status(self) -> dict[str, Any]:
        """Pools and origins as they are known everywhere."""
        with self.lock:
            self.health.sync()
            return {
                "seconds": round(self.clock.now(), 1),
                "pools": {
                    pool["name"]: {
                        "healthy": self.health.pool_healthy(pool),
                        "origins": {
                            origin["name"]: self.health.origin_healthy(pool, origin) for origin in pool["origins"]
                        },
                    }
                    for pool in self.account.tables["pools"].values()
                },
            }


@contextmanager
def running(account: Account, network: Network, scale: float = 1.0) -> Iterator[Edge]:
    """An edge whose time is the machine's, `scale` times as fast; checks are made by threads of its own."""
    edge = Edge(account, network, ScaledClock(scale))
    network.scale = scale
    stop = threading.Event()
    with ThreadPoolExecutor(16, thread_name_prefix="edge-check") as asking:

        def run(ask: Callable[[], Outcome], then: Callable[[Outcome], None]) -> None:
            def done(future: Future[Outcome]) -> None:
                with edge.lock:
                    if not future.cancelled() and not stop.is_set():
                        then(future.result())

            asking.submit(ask).add_done_callback(done)

        edge.health.run = run

        def live() -> None:
            while not stop.is_set():
                with edge.lock:
                    edge.health.sync()
                    edge.agenda.run_until(edge.clock.now())
                    wait = (edge.agenda.next - edge.clock.now()) / scale
                stop.wait(min(max(wait, 0.001), _LONGEST_WAIT))

        thread = threading.Thread(target=live, name="edge-clock", daemon=True)
        thread.start()
        try:
            yield edge
        finally:
            stop.set()
            thread.join()
            asking.shutdown(cancel_futures=True)
