"""The scenarios, by name: what breaks, what the operator does about it, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from operations.drill.faults import api_hang, edge_failure, link_cut, primary_kill, slow_disk
from operations.drill.played import Played
from operations.drill.stage import Stage
from operations.drill.turns import isolated_region, region_loss, returning_region, switchover

SCENES: Final[Mapping[str, Callable[[Stage], Played]]] = {
    "switchover": switchover,
    "region-loss": region_loss,
    "isolated-region": isolated_region,
    "returning-region": returning_region,
    "link-cut": link_cut,
    "api-hang": api_hang,
    "primary-kill": primary_kill,
    "edge-failure": edge_failure,
    "slow-disk": slow_disk,
}
