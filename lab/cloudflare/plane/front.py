"""A user's request on its way through the edge: which name, which pool, which origin, and one more try."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lab.cloudflare.account import Account
from lab.cloudflare.certificates import certificate_for
from lab.cloudflare.plane import steering
from lab.cloudflare.plane.health import Health
from lab.cloudflare.plane.network import Ask, Network, Outcome
from lab.cloudflare.plane.places import Place

ORIGIN_SECONDS: Final = 15.0
"""How long the edge waits for a connection."""

STATUS: Final[Mapping[str, int]] = {
    "broken": 520,
    "refused": 521,
    "timeout": 522,
    "unreachable": 523,
    "certificate": 526,
}
"""What users get for what happened on the way to the origin."""

_TRIED_AGAIN: Final = (521, 522, 523)
"""Zero-downtime failover is for these (load-balancing/understand-basics/adaptive-routing)."""

Origin = Mapping[str, Any]
Pool = Mapping[str, Any]


@dataclass(frozen=True)
class Served:
    """What a user gets, and how it came about: names of pool and origin, empty where there is none.

    `fallback` is true where no pool of the order was healthy, `again` where a second origin was tried.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pool: str = ""
    origin: str = ""
    fallback: bool = False
    again: bool = False
    certificate: str = ""


@dataclass
class Front:
    """Answers requests as the account's load balancers and records say, by what is known of health."""

    account: Account
    health: Health
    network: Network
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 weights, not secrets

    def serve(self, host: str, place: Place, ask: Ask) -> Served:
        """Answer a request for a host name from a place."""
        with self.account.lock:
            balancers = self.account.tables["load_balancers"].values()
            found = next((one for one in balancers if one["name"] == host and one["enabled"]), None)
            records = [one for one in self.account.tables["dns_records"].values() if one["name"] == host]
            pools = dict(self.account.tables["pools"])
            certificate = certificate_for(self.account, host)
        if found is not None:
            try:
                served = self._balanced(found, pools, place, ask)
            except steering.NotImitated as error:
                served = _plain(501, str(error))
        else:
            served = self._direct(records, host, place, ask)
        return replace(served, certificate=certificate)

    def _balanced(self, balancer: Mapping[str, Any], pools: Mapping[str, Pool], place: Place, ask: Ask) -> Served:
        order = steering.order(balancer, place, pools, self.health.rtt, self.chance)
        healthy = [pools[pool] for pool in order if self.health.pool_healthy(pools[pool])]
        pool = healthy[0] if healthy else pools[balancer["fallback_pool"]]
        origin = self._origin(pool, ())
        if origin is None:
            return _plain(503, f"The pool {pool['name']} has no enabled origin.")
        outcome = self._ask(origin, place, ask)
        again = None
        if _status(outcome) in _TRIED_AGAIN:
            across = balancer["adaptive_routing"]["failover_across_pools"]
            again = self._other(pool, origin, healthy[1:] if across else [])
        if again is not None:
            pool, origin = again
            outcome = self._ask(origin, place, ask)
        return Served(
            _status(outcome),
            outcome.headers,
            outcome.body,
            pool["name"],
            origin["name"],
            fallback=not healthy,
            again=again is not None,
        )

    def _origin(self, pool: Pool, without: Sequence[str]) -> Origin | None:
        """One by weight, of the healthy ones if there are any; the fallback pool is asked whatever its health."""
        enabled = [one for one in pool["origins"] if one["enabled"] and one["address"] not in without]
        healthy = [one for one in enabled if self.health.origin_healthy(pool, one)]
        among = healthy or ([] if without else enabled)
        if not among:
            return None
        weights = [one["weight"] for one in among]
        chosen: Origin = self.chance.choices(among, weights if any(weights) else None)[0]
        return chosen

    def _other(self, pool: Pool, failed: Origin, others: Sequence[Pool]) -> tuple[Pool, Origin] | None:
        for candidate in (pool, *others):
            origin = self._origin(candidate, (failed["address"],))
            if origin is not None and self.health.origin_healthy(candidate, origin):
                return candidate, origin
        return None

    def _direct(self, records: Sequence[Mapping[str, Any]], host: str, place: Place, ask: Ask) -> Served:
        """A name without a load balancer: one of its addresses, whatever its health."""
        addresses = [one["content"] for one in records if one["type"] in ("A", "AAAA")]
        if addresses:
            address = self.chance.choice(addresses)
            outcome = self._ask({"address": address}, place, ask)
            return Served(_status(outcome), outcome.headers, outcome.body, origin=address)
        if any(one["content"].endswith(".cfargotunnel.com") for one in records):
            return _plain(530, "Error 1033: no connector of the tunnel is here; connectors are not imitated.")
        return _plain(530, f"Error 1016: {host} has neither a load balancer nor an address.")

    def _ask(self, origin: Origin, place: Place, ask: Ask) -> Outcome:
        own = (origin.get("header") or {}).get("Host")
        headers = {**ask.headers, **({"Host": own[0]} if own else {}), "Connection": "close"}
        port = int(origin.get("port") or 443)
        return self.network.ask(place.region, origin["address"], port, replace(ask, headers=headers), ORIGIN_SECONDS)


def ray(place: Place) -> str:
    """A value of the header CF-Ray: an id and the data centre."""
    return f"{uuid.uuid4().hex[:16]}-{place.pop}"


def _status(outcome: Outcome) -> int:
    return outcome.status if outcome.failure is None else STATUS[outcome.failure]


def _plain(status: int, text: str) -> Served:
    return Served(status, (("Content-Type", "text/plain; charset=utf-8"),), f"{text}\n".encode())
