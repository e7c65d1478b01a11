"""A local Cloudflare with the program's edge in it, as the commands find it by their environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.cloudflare.plane.server import facing
from operations.edge.access import edge_of
from operations.edge.model import Edge, EdgeAccess
from settings.loader import load_project
from settings.platform import Platform
from tests.edge.world import World, world_in


@dataclass
class Desk:
    """Where an operator sits: a project, an edge that is brought up, and time that passes when the test says so."""

    world: World

    @property
    def platform(self) -> Platform:
        """The settings as they are now."""
        return load_project(self.world.root).platform

    @property
    def access(self) -> EdgeAccess:
        """The edge as a command finds it."""
        return edge_of(self.world.root, self.platform)

    @property
    def edge(self) -> Edge:
        """The edge, which must be at hand."""
        access = self.access
        assert access.edge is not None, access.why_not
        return access.edge

    def pass_time(self, seconds: float) -> None:
        """Checks are made, verdicts become known."""
        self.world.edge.advance(seconds)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The committed configuration, brought up and checked for two minutes; the token is in the environment."""
    with world_in(tmp_path) as world, facing(world.edge) as front:
        world.up()
        world.edge.advance(120)
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", world.applying.token)
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", world.applying.base)
        monkeypatch.setenv("OPENOVA_EDGE_URL", front)
        yield Desk(world)
