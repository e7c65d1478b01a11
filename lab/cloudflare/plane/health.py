"""What the edge believes of pools and origins, and whom it tells when that changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.cloudflare.account import Account
from lab.cloudflare.alerts import HEALTH_ALERT
from lab.cloudflare.plane.checks import (
    DATA_CENTRES,
    PROPAGATION_SECONDS,
    Checker,
    Runner,
    Target,
    Verdict,
    at_once,
    majority,
    phase_of,
    port_of,
)
from lab.cloudflare.plane.clock import Agenda
from lab.cloudflare.plane.network import Network, Outcome
from settings.geography import REGION_CODES

_SMOOTHING = 0.3
"""Weight of the newest round-trip time in the moving average."""


@dataclass(frozen=True)
class Notice:
    """Somebody is told. `origin` is empty where the pool as a whole changed; `health` is Healthy or Unhealthy."""

    time: float
    pool: str
    origin: str
    health: str
    emails: tuple[str, ...]
    webhooks: tuple[str, ...]


@dataclass
class Health:
    """Checks what the account says, and keeps the verdicts. An origin counts as healthy until a check says else.

    `events` lists every change of an origin that is known everywhere: (time, pool's name, origin's name, healthy).
    """

    account: Account
    agenda: Agenda
    network: Network
    run: Runner = at_once
    notices: list[Notice] = field(default_factory=list)
    events: list[tuple[float, str, str, bool]] = field(default_factory=list)
    _checkers: dict[tuple[Target, str], Checker] = field(default_factory=dict)
    _decided: dict[tuple[str, str], bool] = field(default_factory=dict)
    _known: dict[tuple[str, str], bool] = field(default_factory=dict)
    _rtt: dict[tuple[str, str], float] = field(default_factory=dict)
    _version: int = -1

    def sync(self) -> None:
        """Take over what was changed in the account since the last time."""
        with self.account.lock:
            if self._version == self.account.version:
                return
            self._version = self.account.version
            wanted = dict(self._wanted())
        for key in [key for key in self._checkers if key not in wanted]:
            self._checkers.pop(key).alive = False
        for key, monitor in wanted.items():
            if key not in self._checkers:
                self._begin(key, monitor)

    def origin_healthy(self, pool: Mapping[str, Any], origin: Mapping[str, Any]) -> bool:
        """What all data centres know of an origin by now."""
        return bool(origin["enabled"]) and self._known.get((pool["id"], origin["address"]), True)

    def pool_healthy(self, pool: Mapping[str, Any]) -> bool:
        """True where enough origins are healthy."""
        healthy = sum(self.origin_healthy(pool, origin) for origin in pool["origins"])
        return bool(pool["enabled"]) and healthy >= pool["minimum_origins"]

    def rtt(self, region: str, pool: str) -> float | None:
        """The moving average of checks that passed, in seconds."""
        return self._rtt.get((region, pool))

    def by_region(self, pool: Mapping[str, Any]) -> dict[str, Any]:
        """The form of the API's pool health: what each region sees, not what was made of it."""
        regions: dict[str, Any] = {}
        for (target, _), checker in self._checkers.items():
            if target.pool == pool["id"] and target.centre == 0:
                last = checker.verdict.last
                seen = self._region_says(target)
                said = {"healthy": seen, "failure_reason": checker.verdict.reason}
                if last is not None:
                    said |= {"rtt": f"{last.seconds * 1000:.1f}ms", "response_code": last.status}
                region = regions.setdefault(target.region, {"healthy": True, "origins": []})
                region["healthy"] = region["healthy"] and seen
                region["origins"].append({target.address: said})
        return regions

    def _wanted(self) -> Iterator[tuple[tuple[Target, str], Mapping[str, Any]]]:
        tables = self.account.tables
        for pool in tables["pools"].values():
            monitor = tables["monitors"].get(pool.get("monitor", ""))
            if monitor is None or not pool["enabled"]:
                continue
            regions = pool.get("check_regions") or sorted(REGION_CODES)
            for region in sorted(REGION_CODES) if "ALL_REGIONS" in regions else regions:
                for origin in pool["origins"]:
                    for centre in range(DATA_CENTRES) if origin["enabled"] else ():
                        port = port_of(monitor, origin)
                        target = Target(pool["id"], origin["address"], port, region, centre)
                        yield (target, json.dumps(monitor, sort_keys=True)), monitor

    def _begin(self, key: tuple[Target, str], monitor: Mapping[str, Any]) -> None:
        target = key[0]
        before = self._decided.get((target.pool, target.address), True)
        checker = Checker(
            target,
            monitor,
            self.agenda,
            self.network,
            self._judged,
            phase_of(target, monitor["interval"]),
            Verdict(before),
            self.run,
        )
        self._checkers[key] = checker
        checker.begin()

    def _judged(self, target: Target, outcome: Outcome, changed: bool) -> None:
        if outcome.failure is None:
            measured = (target.region, target.pool)
            before = self._rtt.get(measured, outcome.seconds)
            self._rtt[measured] = before + _SMOOTHING * (outcome.seconds - before)
        key = (target.pool, target.address)
        if not changed:
            return
        healthy = self._says(target)
        if healthy != self._decided.get(key, True):
            self._decided[key] = healthy
            self.agenda.plan(self.agenda.clock.now() + PROPAGATION_SECONDS, lambda: self._publish(key, healthy))

    def _says(self, target: Target) -> bool:
        regions = {
            other.region: other
            for other, _ in self._checkers
            if (other.pool, other.address) == (target.pool, target.address)
        }
        return majority([self._region_says(other) for other in regions.values()])

    def _region_says(self, target: Target) -> bool:
        return majority(
            [
                checker.verdict.healthy
                for (other, _), checker in self._checkers.items()
                if (other.pool, other.address, other.region) == (target.pool, target.address, target.region)
            ]
        )

    def _publish(self, key: tuple[str, str], healthy: bool) -> None:
        with self.account.lock:
            pool = self.account.tables["pools"].get(key[0])
            origin = next((one for one in pool["origins"] if one["address"] == key[1]), None) if pool else None
            before = self.pool_healthy(pool) if pool else True
            self._known[key] = healthy
            if pool is None or origin is None:
                return
            self.events.append((self.agenda.clock.now(), pool["name"], origin["name"], healthy))
            self._tell(pool, origin["name"], healthy)
            if self.pool_healthy(pool) != before:
                self._tell(pool, "", self.pool_healthy(pool))

    def _tell(self, pool: Mapping[str, Any], origin: str, healthy: bool) -> None:
        source = "origin" if origin else "pool"
        chosen = (pool.get("notification_filter") or {}).get(source) or {}
        if chosen.get("disable") or chosen.get("healthy") not in (None, healthy):
            return
        health = "Healthy" if healthy else "Unhealthy"
        for policy in self.account.tables["policies"].values():
            filters = policy.get("filters") or {}
            asked = (("pool_id", pool["id"]), ("new_health", health), ("event_source", source))
            if not policy["enabled"] or policy["alert_type"] != HEALTH_ALERT:
                continue
            if all(value in filters.get(name, [value]) for name, value in asked):
                told = policy["mechanisms"]
                emails, webhooks = (tuple(one["id"] for one in told.get(kind) or ()) for kind in ("email", "webhooks"))
                self.notices.append(Notice(self.agenda.clock.now(), pool["name"], origin, health, emails, webhooks))
