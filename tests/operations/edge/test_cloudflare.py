"""The edge as commands see and change it, by a local Cloudflare that the program's resources were made in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.cloudflare.account import EVERYTHING, Token, new_id
from lab.cloudflare.faults import Fault
from operations.edge.access import edge_of
from operations.edge.api import CloudflareApi
from operations.edge.judge import judge_edge, observe_edge
from operations.edge.model import EdgeError
from operations.edge.show import edge_document, edge_table
from operations.findings.model import Check
from settings.loader import load_project
from tests.operations.edge.conftest import Desk
from tests.projects import copy_project, edit, share

pytestmark = pytest.mark.edge


def judged(desk: Desk) -> dict[str, Check]:
    seen, silence = observe_edge(desk.access)
    return {check.where: check for check in judge_edge(desk.platform, seen, silence)}


def balancer(desk: Desk, name: str = "api.openova.io") -> dict[str, Any]:
    tables = desk.world.account.tables
    return next(one for one in tables["load_balancers"].values() if one["name"] == name)


def pool(desk: Desk, code: str) -> dict[str, Any]:
    name = {"eu": "europe-pool", "in": "india-pool"}[code]
    return next(one for one in desk.world.account.tables["pools"].values() if one["name"] == name)


def orders(desk: Desk, name: str) -> dict[str, Any]:
    return {key: value for key, value in balancer(desk, name).items() if key.endswith(("_pool", "_pools"))}


def lost(desk: Desk, code: str = "eu") -> None:
    """The settings after a failover away from this region."""
    other = "in" if code == "eu" else "eu"
    root = desk.world.root
    edit(root / "Pulumi.yaml", "config.authority.value", {"primary": other, "previous": code, "epoch": 2, "change": "failover"})  # fmt: skip # noqa: E501
    share(root, "edge.drained", [code])
    share(root, "regions.0.postgres.generation", 2)
    share(root, "regions.0.postgres.cloneFrom", other)


def test_a_healthy_edge_is_well_and_says_who_is_first(desk: Desk) -> None:
    checks = judged(desk)
    assert {check.status for check in checks.values()} == {"ok"}, checks
    seen = desk.edge.look()
    assert seen.pools["eu"].count == 3
    assert seen.hosts["api.openova.io"].default == ("eu", "in")
    assert seen.hosts["api.openova.io"].areas["SAS"] == ("in", "eu")
    document = edge_document(desk.platform, seen, "")
    assert [one["healthy"] for one in document["pools"]] == [True, True]
    assert {one["first"] for one in document["hosts"]} == {"eu"}
    assert edge_table(desk.platform, seen).row_count == 2


def test_a_primary_that_the_edge_cannot_reach_fails_and_another_region_warns(desk: Desk) -> None:
    desk.world.cut("eu", "in")
    desk.pass_time(120)
    checks = judged(desk)
    assert (checks["eu"].status, checks["in"].status) == ("fail", "warn")
    assert "0 of 3 servers healthy" in checks["eu"].seen


def test_one_dead_server_of_three_warns_and_is_named(desk: Desk) -> None:
    desk.world.cut("contabo-eu-2")
    desk.pass_time(120)
    check = judged(desk)["eu"]
    assert check.status == "warn"
    assert "contabo-eu-2" in check.seen


def test_a_region_that_the_settings_drain_and_the_edge_does_not_fails(desk: Desk) -> None:
    lost(desk)
    checks = judged(desk)
    assert (checks["eu"].status, checks["platform"].status) == ("fail", "warn")
    assert checks["eu"].fix == "pulumi up --stack global"


def test_a_pool_switched_off_by_hand_and_a_name_that_is_missing_are_told(desk: Desk) -> None:
    pool(desk, "eu")["enabled"] = False
    tables = desk.world.account.tables
    del tables["load_balancers"][balancer(desk)["id"]]
    checks = judged(desk)
    assert "switched off" in checks["eu"].seen
    assert checks["eu"].status == "fail"
    assert checks["platform"].status == "fail"
    assert "api.openova.io: nothing is made for it" in checks["platform"].seen


def test_a_pool_that_nothing_has_checked_yet_is_unknown(desk: Desk) -> None:
    desk.world.account.health_of = lambda pool: {}
    assert judged(desk)["eu"].status == "unknown"
    assert desk.edge.look().pools["eu"].healthy is None


def test_the_lost_region_is_out_of_every_order_at_once_and_up_finds_nothing_left(desk: Desk) -> None:
    lost(desk)
    changed = desk.edge.carry_out(desk.platform)
    assert sorted(changed) == ["api.example.openova.io", "api.openova.io"]
    for name in changed:
        assert pool(desk, "eu")["id"] not in str(balancer(desk, name)), "not one order has it"
    assert {desk.world.pool_of(pop) for pop in ("FRA", "BOM")} == {"india-pool"}
    assert desk.edge.carry_out(desk.platform) == (), "twice does nothing more"
    before = {name: orders(desk, name) for name in changed}
    desk.world.up()
    assert {name: orders(desk, name) for name in changed} == before
    checks = judged(desk)
    assert (checks["eu"].status, checks["platform"].status) == ("ok", "ok")


def test_a_rejoined_region_is_put_back_and_a_switchover_turns_the_order(desk: Desk) -> None:
    lost(desk)
    desk.edge.carry_out(desk.platform)
    share(desk.world.root, "edge.drained", [])
    desk.edge.carry_out(desk.platform)
    host = desk.edge.look().hosts["api.openova.io"]
    assert (host.default, host.fallback) == (("in", "eu"), "in")
    assert host.areas["WEU"] == ("eu", "in")
    assert desk.world.pool_of("FRA") == "europe-pool"


def test_a_name_that_cannot_be_changed_is_told_and_the_others_are_changed(desk: Desk) -> None:
    lost(desk)
    identity = balancer(desk)["id"]
    desk.world.api.faults.add(Fault("500-before", "PATCH", f"load_balancers/{identity}$", times=10))
    with pytest.raises(EdgeError, match=r"changed: api\.example\.openova\.io"):
        desk.edge.carry_out(desk.platform)


def test_one_rate_limit_or_broken_answer_is_got_over(desk: Desk) -> None:
    lost(desk)
    faults = desk.world.api.faults
    faults.add(Fault("429", "GET", "pools$", retry_after=0))
    faults.add(Fault("500-before", "GET", "zones/.*/load_balancers$"))
    faults.add(Fault("cut-after", "PATCH"))
    assert len(desk.edge.carry_out(desk.platform)) == 2
    assert [fault.times for fault in faults.waiting] == [0, 0, 0]


def test_a_token_that_may_only_read_sees_everything_and_changes_nothing(desk: Desk) -> None:
    reading = frozenset(scope.replace("Write", "Read") for scope in EVERYTHING)
    desk.world.account.tokens[desk.world.applying.token] = Token(new_id(), reading)
    assert judged(desk)["platform"].status == "ok"
    lost(desk)
    with pytest.raises(EdgeError, match=r"403.*nothing was changed"):
        desk.edge.carry_out(desk.platform)


def test_a_refused_token_is_one_unknown_check_without_the_token(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "x" * 40
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", wrong)
    checks = judged(desk)
    assert [check.status for check in checks.values()] == ["unknown"]
    assert wrong not in str(checks)


def test_an_api_that_does_not_answer_is_one_unknown_check(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:9/client/v4")
    assert [check.status for check in judged(desk).values()] == ["unknown"]


def test_without_credentials_the_check_says_how_to_give_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    root = copy_project(tmp_path)
    platform = load_project(root).platform
    seen, silence = observe_edge(edge_of(root, platform))
    (check,) = judge_edge(platform, seen, silence)
    assert check.status == "unknown"
    assert "CLOUDFLARE_API_TOKEN" in check.seen
    assert "pulumi config set --stack global --secret cloudflare:apiToken" in check.seen
    assert edge_document(platform, seen, silence)["pools"] == []


@pytest.mark.parametrize("mode", ["records", "tunnel"])
def test_a_mode_without_load_balancing_has_nothing_to_ask_or_to_say(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x" * 40)
    root = copy_project(tmp_path)
    share(root, "edge.mode", mode)
    platform = load_project(root).platform
    access = edge_of(root, platform)
    assert (access.edge, access.why_not) == (None, "")
    assert not list(judge_edge(platform, *observe_edge(access)))


def test_the_stacks_own_base_url_is_used_as_the_provider_does(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    base = desk.world.applying.base
    monkeypatch.delenv("CLOUDFLARE_BASE_URL")
    edit(desk.world.root / "Pulumi.global.yaml", ["config", "cloudflare:baseUrl"], base)
    assert desk.edge.look().pools.keys() == {"eu", "in"}


def test_a_token_is_not_sent_in_the_open() -> None:
    with pytest.raises(EdgeError, match="not https"):
        CloudflareApi("http://api.example.org/client/v4", "x" * 40)


def test_objects_on_a_second_page_are_found(desk: Desk) -> None:
    tables = desk.world.account.tables
    first = next(iter(tables["pools"].values()))
    others = {f"{number:032}": {**first, "id": f"{number:032}", "name": f"other-{number}"} for number in range(120)}
    tables["pools"] = {**others, **tables["pools"]}
    assert desk.edge.look().pools.keys() == {"eu", "in"}


def test_asked_by_its_direct_name_a_living_region_answers_and_a_dead_one_does_not(desk: Desk) -> None:
    assert desk.edge.ask("eu").alive is True
    desk.world.cut("eu")
    asked = desk.edge.ask("eu")
    assert asked.alive is False
    assert "522 for api-eu.openova.io/health" in asked.said
    desk.world.nodes["contabo-in-1"].status = 503
    assert desk.edge.ask("in").alive is True, "whoever answers 503 is there"


def test_what_is_not_the_edges_answer_tells_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENOVA_EDGE_URL", desk.world.nodes["contabo-eu-1"].url)
    assert desk.edge.ask("eu").alive is None, "somebody between answered: there is no CF-Ray"
    monkeypatch.setenv("OPENOVA_EDGE_URL", "http://127.0.0.1:9")
    assert desk.edge.ask("eu").alive is None
    monkeypatch.delenv("OPENOVA_EDGE_URL")
    assert desk.edge.ask("eu").alive is None, "a local API has no public names"
