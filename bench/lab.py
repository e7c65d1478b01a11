"""Two regions on this machine: how long they take, and how far the copy is behind under load."""

from __future__ import annotations

import subprocess
import time

from lab.apply import apply
from lab.postgres import Database
from lab.project import clusters
from lab.regions import Lab, lab_of_its_own, missing
from lab.road import Traffic
from tests.planning import ROOT
from tests.two_regions.probes import Probe, probes

RATE = 200
"""Transactions a second of the load."""

SECONDS = 30
GOALS = {"up": 240.0, "lag": 1.0}
"""Seconds: from nothing with a warm cache, and the 99th percentile of the lag."""

_LOAD = f"""
echo 'insert into load (client) values (:client_id);' > /tmp/load.sql
pgbench -n -R {RATE} -c 8 -j 2 -T {SECONDS + 5} -f /tmp/load.sql "$DATABASE_PRIMARY_URL" 2>&1 | grep -E 'tps|processed'
"""
_BEHIND = (
    "select extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())"
    f" \\watch interval=0.1 count={SECONDS * 10}\n"
)


def lines() -> list[str]:
    """Seconds and their ratios to the goals; or one line that says what this machine lacks."""
    if absent := missing():
        return [f"not measured: {absent}"]
    with lab_of_its_own("bench") as lab:
        return _measured(lab)


def _measured(lab: Lab) -> list[str]:
    begun = time.monotonic()
    lab.begin(ROOT, _silent, Traffic())
    booted = time.monotonic()
    apply(lab, _untold, ["shared", "eu"])
    names = clusters(lab.project)
    europe, india = (Database(lab.cluster(code), names[code]) for code in ("eu", "in"))
    apply(lab, _untold, ["in"])
    cloning = time.monotonic()
    europe.wait_healthy(_silent)
    india.wait_healthy(_silent)
    up = time.monotonic()
    lags = _lags(europe, india, probes(lab, "eu")[1])
    p50, p99 = lags[len(lags) // 2], lags[len(lags) * 99 // 100]
    return [
        f"from nothing, warm cache: {up - begun:.0f} s = {(up - begun) / GOALS['up']:.2f} x the goal of "
        f"{GOALS['up']:.0f} s (hosts {booted - begun:.0f} s; from India's Cluster to three instances "
        f"{up - cloning:.0f} s)",
        f"lag of the copy at {RATE} transactions/s and 150 ms round trip, {len(lags)} samples: median {p50:.3f} s, "
        f"p99 {p99:.3f} s = {p99 / GOALS['lag']:.2f} x the goal of {GOALS['lag']:.0f} s",
    ]


def _lags(europe: Database, india: Database, load: Probe) -> list[float]:
    """Seconds between a commit in Europe and its replay in India, sorted; at a steady rate the sampling adds 5 ms."""
    europe.sql(
        "create table load (id bigserial primary key, client int, at timestamptz default now());"
        "grant all on all tables in schema public to app; grant all on all sequences in schema public to app"
    )
    with subprocess.Popen(load.command(_LOAD), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as running:
        time.sleep(3)
        said = india.sql(_BEHIND, seconds=SECONDS + 60)
        out, _ = running.communicate(timeout=60)
    if running.returncode:
        raise RuntimeError(f"the load did not run: {out}")
    return sorted(float(line) for line in said.split())


def _silent(text: str) -> None:
    """Progress is for people who wait."""


def _untold(stack: str, what: str, seconds: float) -> None:
    """The same, of single steps."""


def main() -> None:
    """Print the lines."""
    print(*lines(), sep="\n")


if __name__ == "__main__":
    main()
