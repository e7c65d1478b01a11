"""Health checks as Cloudflare does them: three data centres a region, retries, a majority at each step.

Source: load-balancing/monitors, load-balancing/understand-basics/health-details, and the monitor's fields in the API: a
check that times out is tried again at once, `retries` times; other failures are not. A region is healthy where most
of its three data centres say so, an origin where most regions do, a pool where at least `minimum_origins`
of its origins are.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lab.cloudflare.plane.clock import Agenda
from lab.cloudflare.plane.network import Ask, Network, Outcome

DATA_CENTRES: Final = 3
PROPAGATION_SECONDS: Final = 5.0
"""Until a verdict is known to all data centres; the same figure that the computed worst case has."""

_AGENT = (
    "Mozilla/5.0 (compatible; Cloudflare-Traffic-Manager/1.0; "
    "+https://www.cloudflare.com/traffic-manager/; pool-id: {})"
)


@dataclass(frozen=True)
class Target:
    """An origin of a pool as one data centre of a region checks it."""

    pool: str
    address: str
    port: int
    region: str
    centre: int


@dataclass
class Verdict:
    """What one data centre thinks of an origin; `streak` counts equal results that speak against it."""

    healthy: bool = True
    streak: int = 0
    last: Outcome | None = None
    reason: str = "No failures"


Judged = Callable[[Target, Outcome, bool], None]
"""Hears every result, and whether the data centre changed its mind by it."""

Runner = Callable[[Callable[[], Outcome], Callable[[Outcome], None]], None]
"""Asks, and hands on what came of it: at once, or from another thread."""


def at_once(ask: Callable[[], Outcome], then: Callable[[Outcome], None]) -> None:
    """Ask while everything else waits."""
    then(ask())


@dataclass
class Checker:
    """Checks one target for as long as it lives. `phase` is when in each interval, in seconds."""

    target: Target
    monitor: Mapping[str, Any]
    agenda: Agenda
    network: Network
    judged: Judged
    phase: float
    verdict: Verdict = field(default_factory=Verdict)
    run: Runner = at_once
    alive: bool = True

    def begin(self) -> None:
        """Check for the first time within one interval."""
        self.agenda.plan(self.agenda.clock.now() + self.phase, self._check)

    def _check(self) -> None:
        if not self.alive:
            return
        self.agenda.plan(self.agenda.clock.now() + self.monitor["interval"], self._check)
        self._attempt(self.monitor["retries"])

    def _attempt(self, left: int) -> None:
        if not self.alive:
            return
        begun = self.agenda.clock.now()
        timeout = float(self.monitor["timeout"])
        asked, where = question(self.monitor, self.target.pool), self.target

        def ask() -> Outcome:
            return self.network.ask(where.region, where.address, where.port, asked, timeout)

        def then(outcome: Outcome) -> None:
            again = outcome.failure == "timeout" and left > 0
            ended = begun + outcome.seconds
            self.agenda.plan(ended, lambda: self._attempt(left - 1) if again else self._judge(outcome))

        self.run(ask, then)

    def _judge(self, outcome: Outcome) -> None:
        reason = failure_of(self.monitor, outcome)
        verdict = self.verdict
        verdict.last, verdict.reason = outcome, reason or "No failures"
        verdict.streak = 0 if (reason == "") == verdict.healthy else verdict.streak + 1
        wanted = self.monitor.get("consecutive_down" if verdict.healthy else "consecutive_up") or 1
        changed = verdict.streak >= wanted
        if changed:
            verdict.healthy, verdict.streak = not verdict.healthy, 0
        if self.alive:
            self.judged(self.target, outcome, changed)


def phase_of(target: Target, interval: float) -> float:
    """When within the interval a data centre checks: anywhere, but the same for the same address."""
    seed = f"{target.address} {target.port} {target.region} {target.centre}"
    return random.Random(seed).random() * interval  # noqa: S311 a schedule, not a secret


def question(monitor: Mapping[str, Any], pool: str) -> Ask:
    """The request that a monitor sends."""
    headers = {name: values[0] for name, values in (monitor.get("header") or {}).items()}
    return Ask(
        method=monitor.get("method", "GET"),
        path=monitor.get("path", "/"),
        headers={**headers, "User-Agent": _AGENT.format(pool[:16]), "Connection": "close"},
        tls=monitor["type"] == "https",
        trusting=bool(monitor.get("allow_insecure")),
    )


def port_of(monitor: Mapping[str, Any], origin: Mapping[str, Any]) -> int:
    """Where a monitor asks: its own port, or the origin's, or the protocol's."""
    return int(monitor.get("port") or origin.get("port") or (443 if monitor["type"] == "https" else 80))


_REASONS: Final[Mapping[str, str]] = {
    "timeout": "HTTP timeout occurred",
    "refused": "TCP connection failed",
    "unreachable": "Network unreachable",
    "certificate": "TLS untrusted certificate error",
    "broken": "HTTP error",
}


def failure_of(monitor: Mapping[str, Any], outcome: Outcome) -> str:
    """Why a check failed, in Cloudflare's words; empty where it passed."""
    if outcome.failure is not None:
        return _REASONS[outcome.failure]
    if 300 <= outcome.status < 400 and not monitor.get("follow_redirects") and not _expected(monitor, outcome.status):
        return "Unexpected redirect"
    if not _expected(monitor, outcome.status):
        return "Response code mismatch error"
    wanted = monitor.get("expected_body", "")
    if wanted and wanted.lower() not in outcome.body.decode(errors="replace").lower():
        return "Response body mismatch error"
    return ""


def _expected(monitor: Mapping[str, Any], status: int) -> bool:
    for part in str(monitor["expected_codes"]).split(","):
        low, _, high = part.partition("-")
        if low.endswith("xx") and str(status)[0] == low[0]:
            return True
        if low.isdigit() and int(low) <= status <= int(high or low):
            return True
    return False


def majority(votes: list[bool]) -> bool:
    """True where more than half say yes."""
    return sum(votes) * 2 > len(votes)
