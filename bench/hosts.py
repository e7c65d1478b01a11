"""Six booted hosts through the real engine: all at once against the slower of two alone, and checked again."""

from __future__ import annotations

from collections.abc import Sequence

from lab import debian
from lab.world import REGIONS
from tests.hosts import engine
from tests.hosts.engine import Engine, Outcome
from tests.hosts.lab import Lab, lab


def lines() -> list[str]:
    """Seconds up to K3s (base system, firewall, mesh), their ratio, and those of a run that has nothing to do; or
    one line that says what this machine lacks."""
    if absent := debian.missing() or engine.missing():
        return [f"not measured: {absent}"]
    alone, _ = max(measured([1], [region.code]) for region in REGIONS)
    together, again = measured([1, 2, 3], [region.code for region in REGIONS])
    return [
        f"the slower of two hosts, each alone: {alone:.1f} s; six at once: {together:.1f} s = {together / alone:.2f} x",
        f"the six checked again, nothing to do: {again:.1f} s = {again / together:.2f} x the first time",
    ]


def measured(numbers: Sequence[int], codes: Sequence[str]) -> tuple[float, float]:
    """Seconds of a first and a second `pulumi up` up to K3s, on these hosts of each of the regions."""
    with lab(numbers) as fresh:
        fresh.boot()
        fresh.plan["release"] = None
        fresh.plan["up"] = list(codes)
        running = Engine(fresh)
        return _seconds(fresh, running.up()), _seconds(fresh, running.up())


def _seconds(fresh: Lab, outcome: Outcome) -> float:
    if outcome.code != 0:
        raise RuntimeError(f"{len(fresh.hosts)} hosts did not converge: {outcome.text[-2000:]}")
    return outcome.seconds


def main() -> None:
    """Print the lines."""
    print(*lines(), sep="\n")


if __name__ == "__main__":
    main()
