"""From a region's failure until its users are elsewhere, in the local Cloudflare, against the computed worst case."""

from __future__ import annotations

import tempfile
from pathlib import Path

from components.edge.steering import worst_case_detection_seconds
from lab.cloudflare.plane.edge import Edge
from settings.tiers import PlanTier
from tests.edge.world import World, world_in
from tests.projects import share

INTERVALS = (15, 30, 60)
"""Seconds between checks; the shortest is the Business plan's."""

TIMEOUT, RETRIES = 5, 2
FAILURES = 20
"""Spread over one interval, so that the region fails early and late between two checks."""

CHECK_REGIONS = (("WEU",), ("WEU", "ME", "SAS"))


def lines() -> list[str]:
    """Seconds of the data plane's own time: for packets that vanish, and for an application that answers 503."""
    told = []
    for interval in INTERVALS:
        worst = worst_case_detection_seconds(interval=interval, timeout=TIMEOUT, retries=RETRIES)
        for regions in CHECK_REGIONS:
            silent = _measured(interval, regions, silent=True)
            told.append(
                f"{interval} s from {len(regions)} region(s), packets vanish: {_spread(silent)}, "
                f"{silent[-1] / worst:.2f} x the computed {worst} s"
            )
        failing = _measured(interval, CHECK_REGIONS[0], silent=False)
        told.append(
            f"{interval} s from 1 region(s), the application says 503: {_spread(failing)}, "
            f"{failing[-1] / worst:.2f} x the computed {worst} s"
        )
    return told


def _spread(seconds: list[float]) -> str:
    return f"median {seconds[len(seconds) // 2]:.0f} s, longest {seconds[-1]:.0f} s"


def _measured(interval: int, regions: tuple[str, ...], *, silent: bool) -> list[float]:
    """Seconds until no user of the failed region is sent there any more, sorted."""

    def change(root: Path) -> None:
        share(root, "edge.monitor.interval", interval)
        share(root, "edge.monitor.timeout", TIMEOUT)
        share(root, "edge.monitor.retries", RETRIES)
        share(root, "edge.monitor.checkRegions", [*regions])

    with tempfile.TemporaryDirectory() as folder, world_in(Path(folder), change, plan=PlanTier.BUSINESS) as world:
        world.up()
        world.edge.advance(2 * interval)
        return sorted(_one(world, interval, number, silent=silent) for number in range(FAILURES))


def _one(world: World, interval: int, number: int, *, silent: bool) -> float:
    """Let India fail at some point of the interval, and wait; then let it come back."""
    edge = world.edge
    edge.advance(interval * (1 + number / FAILURES))
    _fail(world, silent=silent, down=True)
    begun = edge.clock.now()
    while _steered(edge):
        edge.advance(0.1)
    took = edge.clock.now() - begun
    _fail(world, silent=silent, down=False)
    edge.advance(3 * interval)
    assert _steered(edge), "the region did not come back"
    return took


def _fail(world: World, *, silent: bool, down: bool) -> None:
    if silent:
        (world.cut if down else world.heal)("in")
    else:
        for name, node in world.nodes.items():
            if name.startswith("contabo-in-"):
                node.status = 503 if down else 200


def _steered(edge: Edge) -> bool:
    """True while the edge would send India's users to India."""
    return bool(edge.status()["pools"]["india-pool"]["healthy"])


def main() -> None:
    """Print the lines."""
    print(*lines(), sep="\n")


if __name__ == "__main__":
    main()
