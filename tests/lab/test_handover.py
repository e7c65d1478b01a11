"""A switchover on the real engine and a real API server: the demotion token's way from one stack to the other.

No PostgreSQL runs here. The token that CloudNativePG would leave in the status after a demotion is put there by the
test, while the engine waits for it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.api_server import ApiServer
from settings.project import read_project
from tests.engine import Engine, need
from tests.lab.engines import engine_on
from tests.lab.test_turns import TOKEN
from tests.projects import share
from tests.turns import TO_INDIA

pytestmark = [pytest.mark.lab, pytest.mark.engine]

CLUSTERS = {"eu": "postgresql", "in": "postgresql-replica"}
WAIT_SECONDS = 120


class Regions:
    """Both regions' databases on the engine, in one API server."""

    def __init__(self, engine: Engine, server: ApiServer) -> None:
        self.engine, self.server = engine, server

    def up(self, code: str, *, check: bool = True) -> str:
        """What the engine says of an `up`. Raises AssertionError where it fails, unless `check` is false."""
        done = self.engine.pulumi("up", "--yes", "--skip-preview", "--stack", code, check=check)
        return done.stdout + done.stderr

    def changes(self, code: str) -> dict[str, int]:
        """What an `up` would do now, by operation, without what stays and what it reads."""
        summary: dict[str, int] = self.engine.preview(code)["changeSummary"]
        return {operation: count for operation, count in summary.items() if operation not in ("same", "read")}

    def replica(self, code: str) -> dict[str, Any]:
        """The cluster's place in the topology, as the API server holds it."""
        found: dict[str, Any] = json.loads(self._cluster(code, "get", "--output=json"))["spec"]["replica"]
        return found

    @contextmanager
    def demoted(self, code: str, token: str) -> Iterator[None]:
        """As CloudNativePG does: once the cluster has become a replica, its status holds the token."""
        thread = threading.Thread(target=self._leave_token, args=(code, token), daemon=True)
        thread.start()
        yield
        thread.join(WAIT_SECONDS)

    def _leave_token(self, code: str, token: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while self.replica(code)["primary"] == CLUSTERS[code] and time.monotonic() < deadline:
            time.sleep(0.5)
        patch = json.dumps({"status": {"demotionToken": token}})
        self._cluster(code, "patch", "--subresource=status", "--type=merge", f"--patch={patch}")

    def _cluster(self, code: str, verb: str, *arguments: str) -> str:
        name = f"clusters.postgresql.cnpg.io/{CLUSTERS[code]}"
        return self.server.kubectl(verb, name, f"--namespace=engine-{code}", *arguments)


@pytest.fixture(scope="module")
def regions(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Regions:
    """Europe writes, India follows; nothing is left to do."""
    need("kubernetes")
    running = Regions(engine_on(server, tmp_path_factory.mktemp("handover")), server)
    for code in CLUSTERS:
        server.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"engine-{code}"}}])
        running.up(code)
    return running


def test_an_up_that_follows_an_up_finds_nothing_to_do(regions: Regions) -> None:
    for code in CLUSTERS:
        assert regions.changes(code) == {}
        regions.engine.pulumi("refresh", "--yes", "--skip-preview", "--stack", code)
        assert regions.changes(code) == {}, "after a refresh"


def test_the_token_of_a_switchover_comes_from_one_stack_to_the_other(regions: Regions) -> None:
    assert read_project(regions.engine.root).shared["openova:authority"]["primary"] == "eu"
    share(regions.engine.root, "authority", TO_INDIA)

    refused = regions.up("in", check=False)
    assert "Next step: pulumi up --stack eu" in refused
    assert "promotionToken" not in regions.replica("in"), "nothing was changed"

    with regions.demoted("eu", TOKEN):
        said = regions.up("eu")
    assert TOKEN not in said
    shown = json.loads(regions.engine.pulumi("stack", "output", "--json", "--stack", "eu").stdout)
    assert shown["handover"] == "[secret]"
    whole = json.loads(regions.engine.pulumi("stack", "output", "--json", "--show-secrets", "--stack", "eu").stdout)
    assert whole["handover"] == {"epoch": 2, "token": TOKEN}

    assert TOKEN not in regions.up("in")
    assert regions.replica("in") == {
        "self": "postgresql-replica",
        "primary": "postgresql-replica",
        "source": "postgresql",
        "promotionToken": TOKEN,
    }
    for code in CLUSTERS:
        assert regions.changes(code) == {}
    assert TOKEN not in regions.engine.pulumi("stack", "export", "--stack", "in").stdout
