"""The official Python driver with the URIs that applications get, on stand-ins for the members.

TLS and the login are taken out of the URI: the stand-ins have neither. Their order, tags and concerns stay.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import ServerSelectionTimeoutError
from pymongo.uri_parser import parse_uri

from components.mongodb.members import Member
from components.mongodb.uri import connection_uri
from tests.mongodb.stand_in import State, member

Set = dict[str, State]


@pytest.fixture
def running() -> Iterator[Set]:
    """Three members in Europe, two in India, all alive, by their addresses; the first is primary."""
    with ExitStack() as stack:
        states: Set = {}
        for region in ("europe", "europe", "europe", "india", "india"):
            state = State(me="", members={}, primary=None, alive=set())
            port = stack.enter_context(member(state))
            state.me = f"127.0.0.1:{port}"
            states[state.me] = state
            state.members = {state.me: (1, 1, region)}
        everyone = {address: state.members[address] for address, state in states.items()}
        for state in states.values():
            state.members, state.alive, state.primary = dict(everyone), set(everyone), next(iter(everyone))
        yield states


def uri(running: Set, region: str) -> str:
    """The application's URI in a region, without TLS and login."""
    regions = next(iter(running.values())).members
    members = [
        Member(
            host="127.0.0.1", port=int(address.partition(":")[2]), votes=1, priority=1, region=regions[address][2],
            index=index, local=True,
        )
        for index, address in enumerate(running)
    ]  # fmt: skip
    text = connection_uri(
        members, username="app", password="p", database="app", replica_set="rs0", region=region, ca_file="/ca.crt"
    )
    options = text.partition("/?")[2] or text.partition("?")[2]
    kept = [part for part in options.split("&") if not part.startswith(("tls", "authSource"))]
    return f"mongodb://{','.join(running)}/app?{'&'.join(kept)}"


def readers(running: Set, region: str, times: int = 12) -> set[str]:
    """The regions whose members answered reads of a client in that region."""
    with pymongo.MongoClient[dict[str, Any]](uri(running, region)) as client:
        # A client that has just begun takes the first member that it has found.
        for _ in range(200):
            if len(client.nodes) == len(running):
                break
            time.sleep(0.05)
        answers = [client.get_default_database().rows.find_one({}) for _ in range(times)]
    members = next(iter(running.values())).members
    return {members[answer["from"]][2] for answer in answers if answer is not None}


@pytest.mark.parametrize("region", ["europe", "india"])
def test_reads_stay_in_the_region(running: Set, region: str) -> None:
    assert readers(running, region) == {region}


def test_reads_go_to_the_other_region_when_their_own_has_no_member(running: Set) -> None:
    left = {address: state for address, state in running.items() if state.members[address][2] == "europe"}
    for state in left.values():
        state.members = {address: known for address, known in state.members.items() if address in left}
    assert readers(left, "india") == {"europe"}


def test_writes_go_to_the_primary_and_wait_for_a_majority(running: Set) -> None:
    with pymongo.MongoClient[dict[str, Any]](uri(running, "india")) as client:
        client.get_default_database().rows.insert_one({"_id": 1})
    wrote = [(state.me, c) for state in running.values() for c in state.seen if "insert" in c]
    assert [address for address, _ in wrote] == [next(iter(running))]
    command = wrote[0][1]
    assert command["writeConcern"] == {"w": "majority"}
    assert "txnNumber" in command  # it may be retried


def test_writes_follow_a_new_primary_without_a_new_client(running: Set) -> None:
    first, *_, second, _ = running
    with pymongo.MongoClient[dict[str, Any]](uri(running, "india"), heartbeatFrequencyMS=500) as client:
        rows = client.get_default_database().rows
        rows.insert_one({"_id": 1})
        for state in running.values():
            state.primary = second
        for _ in range(40):
            rows.insert_one({})
            if any("insert" in command for command in running[second].seen):
                break
    assert any("insert" in command for command in running[first].seen)
    assert any("insert" in command for command in running[second].seen)


def test_without_a_primary_reads_go_on_and_writes_end_with_an_error(running: Set) -> None:
    for state in running.values():
        state.primary = None
    assert readers(running, "india") == {"india"}
    text = uri(running, "india").replace("serverSelectionTimeoutMS=15000", "serverSelectionTimeoutMS=300")
    with pymongo.MongoClient[dict[str, Any]](text) as client, pytest.raises(ServerSelectionTimeoutError):
        client.get_default_database().rows.insert_one({})


def test_the_driver_reads_every_option(tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    authority.touch()
    members = [
        Member(host=f"mongo-{c}-0.openova.io", port=30170, votes=1, priority=1, region=r, index=0, local=True)
        for c, r in (("eu", "europe"), ("in", "india"))
    ]
    text = connection_uri(
        members,
        username="app",
        password="p@:/?",
        database="app",
        replica_set="rs0",
        region="india",
        ca_file=str(authority),
    )
    parsed = parse_uri(text, validate=True, warn=False)
    assert parsed["nodelist"] == [("mongo-in-0.openova.io", 30170), ("mongo-eu-0.openova.io", 30170)]
    assert (parsed["username"], parsed["password"], parsed["database"]) == ("app", "p@:/?", "app")
    assert parsed["options"]["readPreferenceTags"] == [{"region": "india"}, {}]
    assert parsed["options"]["tls"] is True
