"""Which stack waits for which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from operations.plan.check import checked
from operations.stacks.graph import Past, Wait, Waits, only, readers, waits_to_destroy
from operations.stacks.graph import waits as waits_of
from settings.naming import stack_order
from settings.platform import Platform
from settings.project import read_project
from settings.stated import stated_addresses
from tests.edge.projects import add_region
from tests.projects import copy_project, share
from tests.turns import TO_INDIA
from tests.variants import VARIANTS, witness

BOTH = {"eu": Past(1, 1), "in": Past(1, 1)}


def platform_of(root: Path, change: Callable[[Path], Any] = lambda root: None) -> Platform:
    copy_project(root)
    change(root)
    return checked(read_project(root)).platform


def waits(platform: Platform, past: Mapping[str, Past]) -> Waits:
    """Where no address stands in the settings, as with servers that are ordered."""
    return waits_of(platform, past, {})


def names(graph: Waits, stack: str, *, needed: bool | None = None) -> set[str]:
    return {wait.stack for wait in graph[stack] if needed in (None, wait.needed)}


def to_india(root: Path) -> None:
    share(root, "authority", TO_INDIA)


def lost_europe(root: Path) -> None:
    share(root, "authority", {**TO_INDIA, "change": "failover"})
    share(root, "regions.0.postgres", {"cluster": "postgresql", "generation": 2, "cloneFrom": "in"})


def test_from_nothing_a_region_that_clones_waits_for_its_source(tmp_path: Path) -> None:
    graph = waits(platform_of(tmp_path), {})
    assert graph["shared"] == ()
    assert names(graph, "eu") == {"shared"}
    assert names(graph, "in") == {"shared", "eu"}
    assert names(graph, "global", needed=True) == {"eu", "in"}


def test_from_nothing_it_begins_beside_its_source_where_the_settings_tell_the_way_there(tmp_path: Path) -> None:
    platform = platform_of(tmp_path)
    stated = stated_addresses(tmp_path, platform)
    (wait,) = (wait for wait in waits_of(platform, {}, stated)["in"] if wait.stack == "eu")
    assert (wait.at_end, wait.needed) == (True, True)
    fewer = {**stated, "eu": {"contabo-eu-1": "203.0.113.11"}}
    for past, known in (({}, fewer), ({"eu": Past(1, 1)}, stated)):
        (wait,) = (wait for wait in waits_of(platform, past, known)["in"] if wait.stack == "eu")
        assert not wait.at_end


def test_regions_that_were_brought_up_do_not_wait_for_each_other(tmp_path: Path) -> None:
    graph = waits(platform_of(tmp_path), BOTH)
    assert names(graph, "eu") == names(graph, "in") == {"shared"}


def test_a_region_that_is_lost_does_not_keep_traffic_from_being_turned_away(tmp_path: Path) -> None:
    graph = waits(platform_of(tmp_path, lost_europe), BOTH)
    assert names(graph, "global", needed=True) == set()
    assert names(graph, "global") == {"shared", "eu", "in"}, "it comes last all the same"


def test_who_takes_over_waits_for_the_token_until_it_is_given(tmp_path: Path) -> None:
    platform = platform_of(tmp_path, to_india)
    assert Wait("eu", "the demotion token of epoch 2") in waits(platform, BOTH)["in"]
    assert names(waits(platform, {**BOTH, "eu": Past(2, 1)}), "in") == {"shared"}
    assert names(waits(platform, BOTH), "eu") == {"shared"}


def test_after_a_failover_the_discarded_copy_waits_for_the_new_primary_and_not_the_other_way(tmp_path: Path) -> None:
    platform = platform_of(tmp_path, lost_europe)
    graph = waits(platform, BOTH)
    assert names(graph, "eu") == {"shared", "in"}
    assert names(graph, "in") == {"shared"}
    assert names(waits(platform, {"eu": Past(2, 2), "in": Past(2, 1)}), "eu") == {"shared"}


def test_a_third_region_waits_for_its_source_alone(tmp_path: Path) -> None:
    graph = waits(platform_of(tmp_path, add_region), BOTH)
    assert names(graph, "us") == {"shared", "eu"}
    assert names(graph, "in") == {"shared"}


def test_a_witness_waits_for_the_shared_stack_alone(tmp_path: Path) -> None:
    assert names(waits(platform_of(tmp_path, witness), {}), "sg") == {"shared"}


def test_two_that_would_wait_for_each_other_go_by_the_token(tmp_path: Path) -> None:
    def change(root: Path) -> None:
        to_india(root)
        share(root, "regions.0.postgres", {"cluster": "postgresql", "generation": 2, "cloneFrom": "in"})

    graph = waits(platform_of(tmp_path, change), {"in": Past(1, 1)})
    assert names(graph, "in") == {"shared", "eu"}
    assert names(graph, "eu") == {"shared"}


@pytest.mark.parametrize("variant", [*VARIANTS, "third", "switchover", "failover"])
def test_the_documented_order_keeps_every_wait(variant: str, tmp_path: Path) -> None:
    more = {"third": add_region, "switchover": to_india, "failover": lost_europe}
    platform = platform_of(tmp_path, {**VARIANTS, **more}[variant])
    order = stack_order(platform)
    for past in ({}, BOTH):
        graph = waits(platform, past)
        assert tuple(graph) == order
        tuple(TopologicalSorter({name: [wait.stack for wait in graph[name]] for name in graph}).static_order())
    graph = waits(platform, BOTH if variant == "failover" else {})
    for name, before in graph.items():
        for wait in before:
            assert order.index(wait.stack) < order.index(name), (name, wait)


def test_destroying_goes_from_the_traffic_to_the_keys(tmp_path: Path) -> None:
    graph = waits_to_destroy(platform_of(tmp_path, witness))
    assert list(graph) == ["global", "eu", "in", "sg", "shared"]
    assert names(graph, "eu") == names(graph, "sg") == {"global"}
    assert names(graph, "shared", needed=True) == {"global", "eu", "in", "sg"}


def test_some_stacks_wait_for_each_other_only(tmp_path: Path) -> None:
    graph = only(waits(platform_of(tmp_path), {}), ["in", "global"])
    assert {name: [wait.stack for wait in before] for name, before in graph.items()} == {"in": [], "global": ["in"]}


def test_addresses_are_read_by_the_mesh_and_a_regions_by_the_edge_too(tmp_path: Path) -> None:
    platform = platform_of(tmp_path, witness)
    assert readers(platform, "eu") == ("in", "sg", "global")
    assert readers(platform, "sg") == ("eu", "in")
