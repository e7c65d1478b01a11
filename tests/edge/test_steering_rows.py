"""The five rows of the latency table reach their winner, by the program's own resources in a local Cloudflare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from settings.problems import SettingsError
from settings.tiers import PlanTier
from tests.edge.world import World, world_in
from tests.projects import SHARED, share, value

pytestmark = pytest.mark.edge

ROWS: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "Western Europe": (("FRA", "AMS", "LHR", "CDG"), "DE", "europe-pool"),
    "Eastern Europe": (("WAW",), "PL", "europe-pool"),
    "Middle East (UAE)": (("DXB",), "AE", "india-pool"),
    "India": (("BOM", "DEL"), "IN", "india-pool"),
    "Southeast Asia": (("SIN",), "SG", "india-pool"),
}
"""Data centres, a country, and the winner of each row."""


def by_country(root: Path) -> None:
    share(root, "edge.steering", "country")
    rows = value(root / SHARED, "config.latency.value")
    share(root, "latency", [{**row, "countries": [ROWS[row["location"]][1]]} for row in rows])


def dynamic(root: Path) -> None:
    """Latency is measured by checks, so every region that users come from must check."""
    share(root, "edge.steering", "dynamic")
    share(root, "edge.monitor.checkRegions", ["WEU", "EEU", "ME", "SAS", "SEAS"])


MODES = {
    "pop": (PlanTier.ENTERPRISE, lambda root: None),
    "region": (PlanTier.PRO, lambda root: None),
    "country": (PlanTier.PRO, by_country),
    "proximity": (PlanTier.PRO, lambda root: share(root, "edge.steering", "proximity")),
    "dynamic": (PlanTier.PRO, dynamic),
}


def measured(world: World) -> None:
    """Put the table's round-trip times on the ways, and let every region check once."""
    rows = value(world.root / SHARED, "config.latency.value")
    codes = {node.address: name.split("-")[1] for name, node in world.nodes.items()}

    def rtt(region: str, address: str) -> float:
        found = next(row for row in rows if region in row["regions"])
        low, high = found["rtt"][codes[address]]
        return (float(low) + float(high)) / 2 / 1000

    world.edge.network.rtt = rtt
    world.edge.advance(70)


@pytest.mark.parametrize("mode", MODES)
def test_every_place_of_the_latency_table_reaches_its_winner(mode: str, tmp_path: Path) -> None:
    plan, change = MODES[mode]
    with world_in(tmp_path, change, plan=plan) as world:
        world.up()
        measured(world)
        policies = {one["steering_policy"] for one in world.account.tables["load_balancers"].values()}
        assert policies == {{"dynamic": "dynamic_latency"}.get(mode, mode if mode == "proximity" else "geo")}
        for pops, country, winner in ROWS.values():
            for pop in pops:
                for host in ("api.openova.io", "api.example.openova.io"):
                    served = world.get(pop, host, country)
                    assert (served.status, served.pool) == (200, winner), (mode, pop, host)
                    assert not served.fallback


def test_measured_latency_from_one_region_is_refused_because_it_would_send_everybody_to_the_primary(
    tmp_path: Path,
) -> None:
    with world_in(tmp_path, dynamic) as world:
        world.up()
        for pool in world.account.tables["pools"]:
            world.applying.request(
                "PATCH", f"/accounts/{'0' * 32}/load_balancers/pools/{pool}", {"check_regions": ["WEU"]}
            )
        measured(world)
        assert {world.pool_of(pop) for pop in ("FRA", "BOM", "SIN")} == {"europe-pool"}
        share(world.root, "edge.monitor.checkRegions", ["WEU"])
        with pytest.raises(SettingsError, match=r"edge\.monitor\.checkRegions[\s\S]*EEU, ME, SAS, SEAS"):
            world.up()


def test_the_enterprise_plan_steers_by_exactly_the_data_centres_that_were_decided(tmp_path: Path) -> None:
    with world_in(tmp_path, plan=PlanTier.ENTERPRISE) as world:
        world.up()
        (europe, india) = (
            one["id"] for one in sorted(world.account.tables["pools"].values(), key=lambda one: one["name"])
        )
        for balancer in world.account.tables["load_balancers"].values():
            first = {pop: pools[0] for pop, pools in balancer["pop_pools"].items()}
            assert first == {
                **dict.fromkeys(("FRA", "AMS", "LHR", "CDG"), europe),
                **dict.fromkeys(("DXB", "BOM", "DEL", "SIN"), india),
            }


def test_a_place_in_no_row_goes_to_the_primary(tmp_path: Path) -> None:
    with world_in(tmp_path) as world:
        world.up()
        assert [world.pool_of(pop) for pop in ("IAD", "NRT", "SYD", "JNB")] == ["europe-pool"] * 4


def test_a_drained_region_gets_nobody(tmp_path: Path) -> None:
    with world_in(tmp_path, lambda root: share(root, "edge.drained", ["in"])) as world:
        world.up()
        assert {world.pool_of(pop) for pops, _, _ in ROWS.values() for pop in pops} == {"europe-pool"}


def test_the_direct_names_reach_their_own_region_from_everywhere(tmp_path: Path) -> None:
    with world_in(tmp_path) as world:
        world.up()
        for code in ("eu", "in"):
            for pop in ("FRA", "BOM"):
                served = world.get(pop, f"api-{code}.openova.io")
                assert served.status == 200
                assert f'"contabo-{code}-' in served.body.decode()
