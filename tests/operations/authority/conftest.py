"""Two regions whose databases are stand-ins, a local Cloudflare, and a chat that listens: what commands meet."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lab.cloudflare.plane.server import facing
from lab.cloudflare.server import threaded
from operations.authority import evidence
from operations.cli import app
from settings.project import read_yaml
from tests.edge.world import World, world_in

HERE = Path(__file__).parent


@dataclass
class Chat:
    """A webhook: what was posted to it, and what it answers. `url` holds a part that nobody else may see."""

    url: str = ""
    status: int = 200
    posted: list[str] = field(default_factory=list)


@dataclass
class Desk:
    """Where an operator sits. `clusters` is the state of the stand-ins by region."""

    world: World
    folder: Path
    chat: Chat

    @property
    def settings(self) -> dict[str, Any]:
        """The shared facts as they are now."""
        facts: dict[str, Any] = read_yaml(self.world.root / "Pulumi.yaml")["config"]
        return facts

    @property
    def clusters(self) -> dict[str, Any]:
        """What the stand-ins have."""
        found: dict[str, Any] = json.loads((self.folder / "clusters.json").read_text())
        return found

    def set(self, code: str, **changed: Any) -> None:
        """Change a stand-in: `api`, `mesh`, `database` answer or not; `tokens` are given or not; any of its state."""
        regions = self.clusters
        own = {"api", "mesh", "database", "tokens"}
        regions[code] |= {key: value for key, value in changed.items() if key in own}
        regions[code]["state"] |= {key: value for key, value in changed.items() if key not in own}
        (self.folder / "clusters.json").write_text(json.dumps(regions))

    def resource(self, code: str, part: str, key: str, value: Any) -> None:
        """Change a field of a region's Cluster."""
        regions = self.clusters
        regions[code]["resource"][part][key] = value
        (self.folder / "clusters.json").write_text(json.dumps(regions))

    def lose(self, code: str, *, seconds: float = 120) -> None:
        """Nothing of the region answers anywhere; `seconds` pass at the edge, which may take a while to notice."""
        self.set(code, api=False, mesh=False, database=False)
        other = "in" if code == "eu" else "eu"
        self.set(other, source=None, heard=None, applied=4.2)
        self.world.cut(code)
        self.world.edge.advance(seconds)

    def openova(self, *arguments: str) -> Result:
        """A command, with nobody to answer questions."""
        given = [f"--kubeconfig={code}={self.folder / code}" for code in ("eu", "in")]
        agreed = [] if arguments[0] == "status" else ["--yes", "--no-pulumi"]
        return CliRunner().invoke(app, [*arguments, *agreed, f"--root={self.world.root}", *given])

    def balancer(self, name: str = "api.openova.io") -> dict[str, Any]:
        """A load balancer as it is in the account."""
        balancers = self.world.account.tables["load_balancers"].values()
        return next(one for one in balancers if one["name"] == name)

    def order(self) -> list[str]:
        """The pools of the load balancer's default order."""
        pools = self.world.account.tables["pools"]
        return [pools[identity]["name"] for identity in self.balancer()["default_pools"]]


def _region(code: str, cluster: str, name: str, **state: Any) -> dict[str, Any]:
    known = {
        "writes": code == "eu", "system": "7", "timeline": 1, "position": 5000, "source": None, "heard": None,
        "applied": None, "followers": [],
    }  # fmt: skip
    resource = {
        "metadata": {"name": cluster, "annotations": {"openova.io/generation": "1"}},
        "spec": {"instances": 3, "replica": {"primary": "postgresql"}},
        "status": {"readyInstances": 3, "currentPrimary": f"{cluster}-1"},
    }
    answers = {"api": True, "mesh": True, "database": True, "tokens": True}
    return {"host": f"pg-{name}.openova.io", "resource": resource, "state": known | state, **answers}


@contextmanager
def chatting() -> Iterator[Chat]:
    """A webhook on loopback."""
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.posted.append(body["text"])
            self.send_response(chat.status)
            self.end_headers()

    with threaded(Handler) as port:
        chat.url = f"http://127.0.0.1:{port}/services/a-secret-part"
        yield chat


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Europe writes, India follows, the edge is brought up, and both credentials are in the environment."""
    with world_in(tmp_path) as world, facing(world.edge) as front, chatting() as chat:
        world.up()
        world.edge.advance(120)
        made = Desk(world, tmp_path, chat)
        streams = {"source": "pg-europe.openova.io", "heard": 0.2}
        regions = {"eu": _region("eu", "postgresql", "europe"), "in": _region("in", "postgresql-replica", "india", **streams)}  # fmt: skip # noqa: E501
        (tmp_path / "clusters.json").write_text(json.dumps(regions))
        for code in ("eu", "in"):
            (tmp_path / code).touch()
        programs = tmp_path / "bin"
        programs.mkdir()
        script = programs / "kubectl"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {HERE / "kubectl.py"} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
        monkeypatch.setenv("STANDIN_CLUSTERS", str(tmp_path / "clusters.json"))
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", world.applying.token)
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", world.applying.base)
        monkeypatch.setenv("OPENOVA_EDGE_URL", front)
        monkeypatch.setenv("OPENOVA_SLACK_WEBHOOK", chat.url)
        # The public addresses of the settings are nobody's: this machine stands for them, at ports that are closed.
        monkeypatch.setattr(evidence, "_addresses", lambda stack: ["127.0.0.1"])
        monkeypatch.setattr(evidence, "API_PORT", closed_port())
        monkeypatch.setattr(evidence, "PUBLIC_PORTS", (closed_port(),))
        yield made


def closed_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
