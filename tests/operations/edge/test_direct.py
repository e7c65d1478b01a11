"""A request to a region's own servers where no edge is between, as with Route 53."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.edge import direct
from tests.edge.world import World, world_in
from tests.operations.authority.conftest import closed_port

pytestmark = pytest.mark.edge


def ask(front: str, *, through_cloudflare: bool = False) -> bool | None:
    return direct.ask("api-eu.openova.io", "/health", front=front, through_cloudflare=through_cloudflare).alive


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def test_whoever_answers_is_a_sign_of_life_and_a_closed_port_is_none(world: World) -> None:
    node = world.nodes["contabo-eu-1"]
    assert ask(node.url) is True
    assert node.hosts[-1] == "api-eu.openova.io"
    node.status = 503
    assert ask(node.url) is True
    assert ask(f"http://127.0.0.1:{closed_port()}") is False


def test_a_server_that_hangs_is_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "SECONDS", 0.4)
    node = world.nodes["contabo-eu-1"]
    node.hangs.set()
    try:
        assert ask(node.url) is False
    finally:
        node.hangs.clear()


def test_an_edge_that_cannot_be_reached_from_here_tells_nothing(world: World) -> None:
    assert ask(f"http://127.0.0.1:{closed_port()}", through_cloudflare=True) is None
