"""The stacks `global` and `shared` by the real engine and the real provider, against the local Cloudflare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.cloudflare.account import ACCOUNT_ID, EVERYTHING, Account, Contract, Token, new_id
from lab.cloudflare.faults import Fault
from lab.cloudflare.server import Api, serving
from operations.edge.api import CloudflareApi
from operations.edge.cloudflare import CloudflareEdge
from settings.loader import load_project
from settings.tiers import PlanTier
from tests.edge.projects import add_region, brought_up, remove_region
from tests.engine import TOKEN, Engine, engine_in, need
from tests.projects import edit, share

pytestmark = [pytest.mark.edge, pytest.mark.engine]

POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"


@dataclass
class ByEngine:
    """A project, its engine, and the account that its provider talks to."""

    engine: Engine
    api: Api

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        return self.api.account.tables

    def up(self, *, check: bool = True) -> str:
        done = self.engine.pulumi("up", "--stack", "global", "--yes", "--skip-preview", check=check)
        assert check or done.returncode != 0
        return done.stdout + done.stderr

    def unchanged(self, stack: str = "global") -> None:
        """A preview finds nothing to do, and neither does one after a look at what is there."""
        self.engine.pulumi("preview", "--stack", stack, "--expect-no-changes")
        self.engine.pulumi("preview", "--stack", stack, "--refresh", "--expect-no-changes")

    def steps(self) -> dict[str, str]:
        """What a preview would do, by the resource's name."""
        steps = self.engine.preview("global")["steps"]
        return {step["urn"].rpartition("::")[2]: step["op"] for step in steps if step["op"] not in ("same", "read")}

    def resources(self) -> list[dict[str, Any]]:
        """The state of the stack `global`."""
        exported = json.loads(self.engine.pulumi("stack", "export", "--stack", "global").stdout)
        found: list[dict[str, Any]] = exported["deployment"].get("resources") or []
        return found

    def pretend(self, code: str) -> None:
        """Give a region's stack the outputs that it has once it was brought up."""
        urn = f"urn:pulumi:{code}::openova::pulumi:pulumi:Stack::openova-{code}"
        outputs = brought_up(self.engine.root, code)
        resource = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": outputs}
        state = {"version": 3, "deployment": {"resources": [resource]}}
        self.engine.pulumi("stack", "import", "--stack", code, text=json.dumps(state))


@pytest.fixture
def by_engine(tmp_path: Path) -> Iterator[ByEngine]:
    need("cloudflare")
    account = Account(Contract(plan=PlanTier.PRO))
    account.tokens[TOKEN] = Token(new_id(), EVERYTHING)
    api = Api(account)
    with serving(api) as base:
        engine = engine_in(tmp_path)
        share(engine.root, "budget", 1000)
        edit(engine.root / "Pulumi.global.yaml", "config.openova:protect", False)
        engine.environment["CLOUDFLARE_BASE_URL"] = base
        one = ByEngine(engine, api)
        for code in ("eu", "in"):
            one.pretend(code)
        yield one


def counts(one: ByEngine) -> dict[str, int]:
    return {name: len(rows) for name, rows in one.tables.items() if rows}


WHOLE = {"monitors": 1, "pools": 2, "load_balancers": 2, "dns_records": 6}


def test_the_global_stack_is_created_previewed_empty_changed_and_destroyed(by_engine: ByEngine) -> None:
    root = by_engine.engine.root
    share(root, "edge.notifications.email", "ops@example.org")
    by_engine.up()
    assert counts(by_engine) == {**WHOLE, "policies": 1}
    by_engine.unchanged()

    share(root, "tenants", ["example", "acme"])
    share(root, "edge.drained", ["in"])
    assert by_engine.steps() == {
        "edge-traffic-api.acme.openova.io": "create",
        "edge-traffic-api.openova.io": "update",
        "edge-traffic-api.example.openova.io": "update",
    }
    by_engine.up()
    by_engine.unchanged()
    share(root, "tenants", ["example"])
    share(root, "edge.drained", [])
    by_engine.up()
    by_engine.unchanged()

    edit(root / "Pulumi.global.yaml", "config.openova:protect", True)
    by_engine.up()
    refused = by_engine.engine.pulumi("destroy", "--stack", "global", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert counts(by_engine)["load_balancers"] == 2
    edit(root / "Pulumi.global.yaml", "config.openova:protect", False)
    by_engine.up()
    by_engine.engine.pulumi("destroy", "--stack", "global", "--yes", "--skip-preview")
    assert counts(by_engine) == {}


def test_what_a_failover_tells_the_edge_directly_leaves_the_engine_nothing_to_do(by_engine: ByEngine) -> None:
    root = by_engine.engine.root
    by_engine.up()
    share(root, "edge.drained", ["eu"])
    assert len(by_engine.steps()) == 2
    platform = load_project(root).platform
    edge = CloudflareEdge(CloudflareApi(by_engine.engine.environment["CLOUDFLARE_BASE_URL"], TOKEN), platform)
    assert len(edge.carry_out(platform)) == 2
    by_engine.engine.pulumi("preview", "--stack", "global", "--refresh", "--expect-no-changes")
    by_engine.up()
    by_engine.unchanged()
    assert edge.carry_out(platform) == ()
    share(root, "edge.drained", [])
    back = load_project(root).platform
    edge.carry_out(back)
    by_engine.engine.pulumi("preview", "--stack", "global", "--refresh", "--expect-no-changes")


def test_the_enterprise_plans_map_of_data_centres_does_not_drift(by_engine: ByEngine) -> None:
    share(by_engine.engine.root, "edge.plan", "enterprise")
    by_engine.api.account.contract = Contract(plan=PlanTier.ENTERPRISE)
    by_engine.up()
    (balancer, _) = by_engine.tables["load_balancers"].values()
    assert sorted(balancer["pop_pools"]) == sorted(["FRA", "AMS", "LHR", "CDG", "DXB", "BOM", "DEL", "SIN"])
    by_engine.unchanged()


def test_a_region_comes_and_goes_and_its_pool_goes_last(by_engine: ByEngine) -> None:
    by_engine.up()
    add_region(by_engine.engine.root)
    by_engine.engine.pulumi("stack", "init", "us")
    by_engine.pretend("us")
    by_engine.up()
    assert counts(by_engine) == {**WHOLE, "pools": 3, "dns_records": 9}
    by_engine.unchanged()
    remove_region(by_engine.engine.root)
    by_engine.up()
    assert counts(by_engine) == WHOLE
    deleted = [path for method, path in by_engine.api.asked if method == "DELETE" and "pools" in path]
    assert len(deleted) == 1, "the pool was let go before it was deleted: no second try"
    by_engine.unchanged()


def test_an_invalid_token_and_a_missing_permission_leave_what_the_next_run_completes(by_engine: ByEngine) -> None:
    tokens = by_engine.api.account.tokens
    del tokens[TOKEN]
    assert "Invalid access token" in by_engine.up(check=False)
    assert counts(by_engine) == {}
    tokens[TOKEN] = Token(new_id(), EVERYTHING - {"Load Balancers Write"})
    assert "Authentication error" in by_engine.up(check=False)
    assert "load_balancers" not in counts(by_engine)
    tokens[TOKEN] = Token(new_id(), EVERYTHING)
    by_engine.up()
    assert counts(by_engine) == WHOLE
    by_engine.unchanged()


def test_a_rate_limit_and_a_failure_in_mid_create_are_got_over(by_engine: ByEngine) -> None:
    by_engine.api.faults.add(Fault("429", path="load_balancers/pools", times=2))
    by_engine.api.faults.add(Fault("500-before", path="zones/.*/load_balancers$", times=1))
    by_engine.api.faults.add(Fault("cut-before", path="dns_records$", times=1))
    by_engine.up()
    assert [fault.times for fault in by_engine.api.faults.waiting] == [0, 0, 0]
    assert counts(by_engine) == WHOLE
    by_engine.unchanged()


def test_a_failure_that_outlasts_the_provider_is_repaired_by_the_next_run(by_engine: ByEngine) -> None:
    by_engine.api.faults.add(Fault("500-before", path="load_balancers/pools$", times=10_000))
    assert "Internal server error" in by_engine.up(check=False)
    assert "pools" not in counts(by_engine)
    by_engine.api.faults.clear()
    by_engine.up()
    assert counts(by_engine) == WHOLE
    by_engine.unchanged()


def test_a_pool_whose_answer_was_lost_is_adopted_by_an_import(by_engine: ByEngine) -> None:
    """docs/edge.md tells the command."""
    by_engine.api.faults.add(Fault("cut-after", path="load_balancers/pools$"))
    assert "1003" in by_engine.up(check=False)
    known = by_engine.resources()
    ids = {one.get("id") for one in known}
    (lost,) = (pool for pool in by_engine.tables["pools"].values() if pool["id"] not in ids)
    code = "eu" if lost["name"] == "europe-pool" else "in"
    (parent,) = (one["urn"] for one in known if one["urn"].endswith("::edge-traffic"))
    by_engine.engine.pulumi(
        "import", "--stack", "global", "--yes", "--protect=false", "--generate-code=false", "--skip-preview",
        "--parent", f"traffic={parent}", POOL, f"edge-traffic-pool-{code}", f"{ACCOUNT_ID}/{lost['id']}",
    )  # fmt: skip
    by_engine.up()
    assert counts(by_engine) == WHOLE
    by_engine.unchanged()


def test_the_shared_stacks_bucket_and_tunnel_do_not_drift(by_engine: ByEngine) -> None:
    need("cloudflare", "random", "tls")
    share(by_engine.engine.root, "edge.mode", "tunnel")
    by_engine.engine.pulumi("up", "--stack", "shared", "--yes", "--skip-preview")
    assert counts(by_engine) == {"buckets": 1, "tunnels": 1, "configurations": 1, "dns_records": 2}
    by_engine.unchanged("shared")
