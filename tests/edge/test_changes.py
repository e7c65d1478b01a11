"""What changes of the configuration, and failures of the API, do to what is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.edge.tunnel import CloudflareTunnel, CloudflareTunnelArgs
from lab.cloudflare.account import ACCOUNT_ID, EVERYTHING, ZONE_ID
from lab.cloudflare.applied import RefusedError
from lab.cloudflare.faults import Fault, Kind
from tests.edge.origins import nodes
from tests.edge.projects import add_region, addresses, component, remove_region, stack
from tests.edge.world import HOST, World, world_in
from tests.projects import share

pytestmark = pytest.mark.edge


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def whole(world: World) -> None:
    """Everything is there once, nothing else is, and nothing is left to do."""
    counts = {name: len(rows) for name, rows in world.account.tables.items() if rows}
    assert counts == {"monitors": 1, "pools": 2, "load_balancers": 2, "dns_records": 6}
    assert world.applying.preview(world.program) == []
    assert world.pool_of("FRA") == "europe-pool"
    assert world.pool_of("BOM") == "india-pool"


def test_a_second_run_asks_for_nothing(world: World) -> None:
    world.up()
    before = len(world.api.asked)
    assert world.up() == []
    assert world.api.asked[before:] == []
    whole(world)


def test_a_region_that_is_added_takes_its_users_and_leaves_the_others_where_they_are(world: World) -> None:
    world.up()
    assert world.pool_of("IAD") == "europe-pool"
    add_region(world.root)
    with nodes(addresses(world.root, "us").items()) as made:
        world.edge.network.servers |= {node.address: node.url for node in made.values()}
        steps = world.up()
        assert not [step for step in steps if step.startswith("delete")]
        assert [step for step in steps if "pool" in step] == ["create edge-traffic-pool-us"]
        assert {pop: world.pool_of(pop) for pop in ("IAD", "FRA", "BOM")} == {
            "IAD": "america-pool", "FRA": "europe-pool", "BOM": "india-pool",
        }  # fmt: skip
        remove_region(world.root)
        steps = world.up()
    assert steps.index("update edge-traffic-api.openova.io") < steps.index("delete edge-traffic-pool-us")
    whole(world)


def test_a_pool_that_is_still_used_cannot_be_deleted_first(world: World) -> None:
    world.up()
    for pool in world.account.tables["pools"].values():
        with pytest.raises(RefusedError, match=r"412 .*1005"):
            world.applying.request("DELETE", f"/accounts/{'0' * 32}/load_balancers/pools/{pool['id']}")
    (monitor,) = world.account.tables["monitors"]
    with pytest.raises(RefusedError, match=r"412 .*1005"):
        world.applying.request("DELETE", f"/accounts/{'0' * 32}/load_balancers/monitors/{monitor}")
    whole(world)


def test_everything_is_deleted_users_before_what_they_use(world: World) -> None:
    world.up()
    world.applying.destroy()
    deleted = [path.split("/")[-2] for method, path in world.api.asked if method == "DELETE"]
    order = [name for name in deleted if name != "dns_records"]
    assert order == ["load_balancers", "load_balancers", "pools", "pools", "monitors"]
    assert not any(world.account.tables.values())


def test_a_tenant_is_one_load_balancer_more_and_again_one_less(world: World) -> None:
    world.up()
    share(world.root, "tenants", ["example", "acme"])
    assert world.up() == ["create edge-traffic-api.acme.openova.io"]
    assert world.get("BOM", "api.acme.openova.io").pool == "india-pool"
    share(world.root, "tenants", ["example"])
    assert world.up() == ["delete edge-traffic-api.acme.openova.io"]
    assert world.get("BOM", "api.acme.openova.io").status == 530
    whole(world)


def test_a_node_with_another_address_is_an_update_in_place(world: World) -> None:
    world.up()
    text = (world.root / "Pulumi.eu.yaml").read_text()
    (world.root / "Pulumi.eu.yaml").write_text(text.replace("203.0.113.11", "203.0.113.99"))
    assert sorted(world.up()) == ["update edge-traffic-health-contabo-eu-1", "update edge-traffic-pool-eu"]


def test_an_invalid_token_makes_nothing_and_a_valid_one_then_everything(world: World) -> None:
    good = world.applying.token
    for bad, code in (("x" * 40, "9109"), ("short", "6111")):
        world.applying.token = bad
        with pytest.raises(RefusedError, match=code):
            world.up()
        assert not any(world.account.tables.values())
    world.applying.token = good
    world.up()
    whole(world)


@pytest.mark.parametrize("missing", ["DNS Write", "Load Balancers Write", "Load Balancing: Monitors and Pools Write"])
def test_with_a_permission_missing_the_next_run_completes_what_was_begun(world: World, missing: str) -> None:
    good = world.applying.token
    world.applying.token = world.account.token(EVERYTHING - {missing})
    with pytest.raises(RefusedError, match=r"403 .*10000.*Authentication error"):
        world.up()
    world.applying.token = good
    world.up()
    whole(world)


def test_a_revoked_token_leaves_everything_as_it_is(world: World) -> None:
    world.up()
    world.account.revoke(world.applying.token)
    share(world.root, "tenants", ["example", "acme"])
    with pytest.raises(RefusedError, match="9109"):
        world.up()
    world.applying.token = world.account.token()
    share(world.root, "tenants", ["example"])
    whole(world)


def test_a_rate_limit_is_waited_for_as_long_as_it_says(world: World) -> None:
    world.api.faults.add(Fault("429", path="load_balancers/pools", times=3, retry_after=7))
    world.up()
    assert world.applying.waits == [7.0] * 3
    whole(world)


def test_a_rate_limit_that_outlasts_the_client_is_repaired_by_the_next_run(world: World) -> None:
    world.api.faults.add(Fault("429", path="load_balancers$", times=1000))
    with pytest.raises(RefusedError, match="429"):
        world.up()
    assert len(world.account.tables["pools"]) == 2
    world.api.faults.clear()
    world.up()
    whole(world)


@pytest.mark.parametrize("kind", ["500-before", "cut-before"])
@pytest.mark.parametrize("where", ["monitors$", "pools$", "zones/.*load_balancers$", "dns_records$"])
def test_a_create_that_fails_before_it_took_effect_is_repaired_by_the_next_run(
    world: World, where: str, kind: Kind
) -> None:
    world.api.faults.add(Fault(kind, path=where, times=1000))
    with pytest.raises(RefusedError):
        world.up()
    world.api.faults.clear()
    world.up()
    whole(world)


@pytest.mark.parametrize("kind", ["500-before", "cut-before", "cut-after", "500-after"])
def test_a_change_that_fails_is_made_by_the_next_run(world: World, kind: Kind) -> None:
    """A PUT says the whole object, so that a second one does no harm wherever the first one was cut off."""
    world.up()
    share(world.root, "edge.drained", ["in"])
    world.applying.retries = 0
    world.api.faults.add(Fault(kind, method="PUT"))
    with pytest.raises(RefusedError):
        world.up()
    world.up()
    assert world.pool_of("BOM") == "europe-pool"
    share(world.root, "edge.drained", [])
    world.up()
    whole(world)


@pytest.mark.parametrize("kind", ["500-before", "cut-after"])
def test_a_deletion_that_fails_is_made_by_the_next_run(world: World, kind: Kind) -> None:
    world.up()
    share(world.root, "tenants", [])
    world.applying.retries = 0
    world.api.faults.add(Fault(kind, method="DELETE"))
    with pytest.raises(RefusedError):
        world.up()
    world.up()
    assert {one["name"] for one in world.account.tables["load_balancers"].values()} == {"api.openova.io"}


@pytest.mark.parametrize(
    ("table", "where", "told"),
    [
        ("pools", "pools$", "1003"),
        ("load_balancers", "zones/.*load_balancers$", "1003"),
        ("dns_records", "dns_records$", "81058"),
    ],
)
@pytest.mark.parametrize("kind", ["500-after", "cut-after"])
def test_a_create_whose_answer_is_lost_is_refused_afterwards_until_it_is_adopted(
    world: World, table: str, where: str, told: str, kind: Kind
) -> None:
    """No program can know of an object that it was never told of; a name that is taken keeps it from being two."""
    world.api.faults.add(Fault(kind, path=where))
    with pytest.raises(RefusedError, match=told):
        world.up()
    with pytest.raises(RefusedError, match=told):
        world.up()
    lost = set(world.account.tables[table]) - {made.id for made in world.applying.state.values()}
    (adopted,) = lost
    world.applying.adopt(world.program, adopted, world.account.tables[table][adopted])
    world.up()
    whole(world)


def test_a_monitor_whose_answer_is_lost_leaves_one_that_nothing_uses(world: World) -> None:
    world.api.faults.add(Fault("cut-after", path="monitors$"))
    world.up()
    assert len(world.account.tables["monitors"]) == 2
    used = {pool["monitor"] for pool in world.account.tables["pools"].values()}
    (unused,) = set(world.account.tables["monitors"]) - used
    world.applying.request("DELETE", f"/accounts/{'0' * 32}/load_balancers/monitors/{unused}")
    whole(world)


def test_what_was_deleted_behind_the_programs_back_is_made_again_after_a_refresh(world: World) -> None:
    world.up()
    record = next(iter(world.account.tables["dns_records"]))
    world.applying.request("DELETE", f"/zones/{'0' * 32}/dns_records/{record}")
    assert world.applying.refresh() == 1
    assert len(world.up()) == 1
    whole(world)


def test_the_shared_stacks_bucket_is_made_in_its_jurisdiction_and_left_where_it_is(world: World) -> None:
    share(world.root, "backups.bucket", {"name": "openova-backups", "location": "weur", "jurisdiction": "eu"})
    shared = world.applying.fresh()
    made = shared.up(stack(world.root, "shared"))
    assert made == ["create backups-backups"]
    assert [(one["jurisdiction"], one["location"]) for one in world.account.tables["buckets"].values()] == [
        ("eu", "WEUR")
    ]
    assert shared.up(stack(world.root, "shared")) == []


def test_a_tunnel_is_made_with_its_routes_and_its_token_is_had(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    applying = world.applying.fresh()

    def token_of(_: Any, args: Any) -> dict[Any, Any]:
        path = f"/accounts/{ACCOUNT_ID}/cfd_tunnel/{args.args['tunnelId']}/token"
        return {**args.args, "token": applying.request("GET", path)}

    monkeypatch.setattr("operations.plan.monitor._NoMocks.call", token_of)
    args = CloudflareTunnelArgs(
        account_id=ACCOUNT_ID, zone_id=ZONE_ID, tunnel_name="openova", hosts=(HOST,), service="http://ingress:80"
    )
    program = component(lambda: CloudflareTunnel("tunnel", args))
    assert len(applying.up(program)) == 3
    assert applying.up(program) == []
    (tunnel,) = world.account.tables["tunnels"].values()
    (routes,) = world.account.tables["configurations"].values()
    assert [rule.get("hostname") for rule in routes["config"]["ingress"]] == [HOST, None]
    (alias,) = world.account.tables["dns_records"].values()
    assert (alias["content"], alias["proxied"]) == (f"{tunnel['id']}.cfargotunnel.com", True)
    applying.destroy()
    assert tunnel["deleted_at"] is not None
