"""Switchover, failover and rejoin with an edge and a chat: what the edge knows, what it is told, who hears of it."""

from __future__ import annotations

import re
import socket

import pytest

from lab.cloudflare.faults import Fault
from operations.authority import evidence, steps
from tests.operations.authority.conftest import Desk, closed_port

pytestmark = pytest.mark.edge

EUROPE_FIRST, INDIA_FIRST = ["europe-pool", "india-pool"], ["india-pool", "europe-pool"]


def unchanged(desk: Desk) -> bool:
    return desk.settings["authority"]["value"] == {"primary": "eu", "epoch": 1} and desk.order() == EUROPE_FIRST


def test_a_failover_takes_the_lost_region_out_of_every_order(desk: Desk) -> None:
    desk.lose("eu")
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 0, ran.output
    assert desk.order() == ["india-pool"]
    europe = next(
        identity for identity, pool in desk.world.account.tables["pools"].items() if pool["name"] == "europe-pool"
    )
    for balancer in desk.world.account.tables["load_balancers"].values():
        assert europe not in str(balancer)
    assert "silent the edge's monitor: 0 of 3 servers healthy" in ran.output
    assert "the edge has the order of the settings for" in ran.output


def test_an_edge_that_has_not_noticed_yet_does_not_hold_a_failover_up(desk: Desk) -> None:
    desk.lose("eu", seconds=0)
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 0, ran.output
    assert "3 of 3 servers healthy, but nothing gets through now: it takes up to 80 s to notice" in ran.output
    assert desk.order() == ["india-pool"]


def test_a_region_that_the_edge_still_reaches_is_not_taken_over(desk: Desk) -> None:
    desk.lose("eu")
    desk.world.heal("eu")
    desk.world.edge.advance(120)
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 1
    assert "They do not agree" in ran.output
    assert "--database-only" in ran.output
    assert unchanged(desk)
    (told,) = desk.chat.posted
    assert "REFUSED" in told
    assert "the edge's monitor: 3 of 3 servers healthy" in told


def test_one_server_that_the_edge_reaches_is_enough_to_stop(desk: Desk) -> None:
    desk.lose("eu")
    desk.world.heal("contabo-eu-2")
    desk.world.edge.advance(120)
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 1, ran.output
    assert unchanged(desk)


def test_a_person_who_knows_that_only_the_database_is_lost_may_say_so(desk: Desk) -> None:
    desk.lose("eu")
    desk.world.heal("eu")
    desk.world.edge.advance(120)
    ran = desk.openova("failover", "--to=in", "--database-only")
    assert ran.exit_code == 0, ran.output
    assert "left aside: you say that it is the database" in ran.output
    assert desk.order() == ["india-pool"]


def test_a_database_that_answers_somewhere_stops_even_them(desk: Desk) -> None:
    desk.lose("eu")
    desk.set("eu", mesh=True)
    ran = desk.openova("failover", "--to=in", "--database-only")
    assert ran.exit_code == 1
    assert unchanged(desk)


def test_where_the_regions_own_cluster_has_no_instance_its_living_servers_are_left_aside(desk: Desk) -> None:
    desk.set("eu", mesh=False, database=False)
    desk.set("in", source=None, heard=None)
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 1, "its operator still says that three are ready"
    desk.resource("eu", "status", "readyInstances", 0)
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 0, ran.output
    assert "no instance is ready, by its own cluster" in ran.output
    assert "eu is told to stop its database" in ran.output
    annotations = desk.clusters["eu"]["resource"]["metadata"]["annotations"]
    assert annotations["cnpg.io/fencedInstances"] == '["*"]'


def test_servers_that_the_surviving_region_reaches_on_the_public_road_stop_a_failover(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By bash in the pod, which is this machine's; the listening socket is the lost region's server."""
    desk.lose("eu")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setattr(evidence, "PUBLIC_PORTS", (closed_port(), port))
        ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 1
    assert re.search(r"alive +in, the public road: 1 of 1 servers take connections", ran.output), ran.output
    assert unchanged(desk)


def test_an_edge_that_refuses_or_is_silent_is_told_and_stops_nothing(desk: Desk) -> None:
    desk.lose("eu")
    desk.world.api.faults.add(Fault("500-before", "PATCH", times=100))
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 0, ran.output
    assert "the edge was not brought in line" in ran.output
    assert "Next: pulumi up --stack global" in ran.output
    assert "the edge was not brought in line" in desk.chat.posted[0]
    assert desk.clusters["in"]["state"]["writes"]


def test_without_token_and_webhook_a_failover_says_so_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDFLARE_API_TOKEN", "OPENOVA_SLACK_WEBHOOK"):
        monkeypatch.delenv(name)
    desk.lose("eu")
    ran = desk.openova("failover", "--to=in")
    assert ran.exit_code == 0, ran.output
    assert "the edge's monitor: not asked: CLOUDFLARE_API_TOKEN is not set" in ran.output
    assert "Slack" not in ran.output
    assert desk.order() == EUROPE_FIRST


def test_a_switchover_turns_the_order_and_tells_the_team(desk: Desk) -> None:
    ran = desk.openova("switchover", "--to=in")
    assert ran.exit_code == 0, ran.output
    assert desk.order() == INDIA_FIRST
    (told,) = desk.chat.posted
    assert told.startswith("switchover done: in writes, eu did, epoch 2\nby ")
    assert "expected loss: none" in told
    assert "next: openova status" in told


def test_the_message_of_a_failover_says_what_who_loss_and_what_is_next(desk: Desk) -> None:
    desk.lose("eu")
    assert desk.openova("failover", "--to=in").exit_code == 0
    (told,) = desk.chat.posted
    for part in ("failover done: in writes, eu did, epoch 2", "its last row is 4.2 s old", "@", " s after",
                 "next: openova rejoin --region eu", "without eu"):  # fmt: skip
        assert part in told, told


def test_a_change_that_stops_half_way_is_told_with_what_to_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "TOKEN_SECONDS", 0.5)
    desk.set("eu", tokens=False)
    ran = desk.openova("switchover", "--to=in")
    assert ran.exit_code == 1
    (told,) = desk.chat.posted
    assert told.startswith("switchover to in STOPPED half-way, epoch 2")
    assert "has given no demotion token" in told
    assert "next: openova switchover --to in" in told


def test_a_switchover_that_is_refused_tells_nobody(desk: Desk) -> None:
    desk.set("in", source=None)
    assert desk.openova("switchover", "--to=in").exit_code == 1
    assert desk.chat.posted == []
    assert unchanged(desk)


def test_a_chat_that_refuses_or_is_gone_fails_nothing_and_its_url_is_not_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.chat.status = 403
    ran = desk.openova("switchover", "--to=in")
    assert ran.exit_code == 0, ran.output
    assert "Slack was not told: it answered 403" in ran.output
    assert "a-secret-part" not in ran.output
    desk.set("eu", source="pg-india.openova.io", heard=0.1)
    monkeypatch.setenv("OPENOVA_SLACK_WEBHOOK", f"http://127.0.0.1:{closed_port()}/a-secret-part")
    ran = desk.openova("switchover", "--to=eu")
    assert ran.exit_code == 0, ran.output
    assert "Slack was not told: ConnectError" in ran.output
    assert "a-secret-part" not in ran.output


def test_a_rejoined_region_gets_users_again_and_the_team_hears_of_it(desk: Desk) -> None:
    desk.lose("eu")
    assert desk.openova("failover", "--to=in").exit_code == 0
    desk.world.heal("eu")
    desk.resource("eu", "metadata", "annotations", {"openova.io/generation": "2"})
    desk.set("eu", api=True, mesh=True, database=True, writes=False, source="pg-india.openova.io", heard=0.1)
    ran = desk.openova("rejoin", "--region=eu", "--no-pulumi")
    assert ran.exit_code == 0, ran.output
    assert desk.order() == INDIA_FIRST
    assert desk.chat.posted[-1].startswith("rejoin done: eu follows in again, epoch 2")


def test_status_has_the_edge_beside_the_databases(desk: Desk) -> None:
    ran = desk.openova("status")
    assert "europe-pool" in ran.output, ran.output
    desk.lose("eu")
    ran = desk.openova("status", "--json")
    assert '"healthy": false' in ran.output
