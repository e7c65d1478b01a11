"""Changes of authority as updates of clusters that exist: CloudNativePG's webhooks take every step of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from lab.api_server import ApiServer, RefusedError
from operations.plan.values import reveal
from tests.projects import copy_project
from tests.turns import LOST_EU, TO_INDIA, World

pytestmark = pytest.mark.lab

TOKEN: Final = base64.b64encode(
    json.dumps(
        {
            "latestCheckpointTimelineID": "1",
            "redoWalFile": "000000010000000000000007",
            "databaseSystemIdentifier": "7400000000000000000",
            "latestCheckpointREDOLocation": "0/7000028",
            "timeOfLatestCheckpoint": "Tue 24 Nov 2026 06:00:00 AM UTC",
            "operatorVersion": "1.30.0",
        }
    ).encode()
).decode()
"""A token of the form that CloudNativePG 1.30 gives (pkg/utils/parser.go); no cluster stands behind it."""


class Clusters:
    """Both regions' clusters in one API server, each region in a namespace of its own."""

    def __init__(self, server: ApiServer, world: World) -> None:
        self.server, self.world = server, world
        for code in ("eu", "in"):
            server.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"turns-{code}"}}])

    def up(self, code: str, token: str = TOKEN) -> dict[str, Any]:
        """Brings a region up and applies its cluster. Raises RefusedError."""
        document = body(self.world.up(code), code)
        if "promotionToken" in document["spec"]["replica"]:
            document["spec"]["replica"]["promotionToken"] = token
        self.server.apply([document])
        return document

    def delete(self, code: str) -> None:
        """What a replacement does first: the cluster goes."""
        self.server.kubectl("delete", "clusters.postgresql.cnpg.io", "--all", f"--namespace=turns-{code}")


def body(inputs: Mapping[str, Any], code: str) -> dict[str, Any]:
    """The cluster as the provider would send it, in the region's namespace here."""
    document: dict[str, Any] = deepcopy(reveal(inputs))
    document.pop("status", None)
    document["metadata"]["namespace"] = f"turns-{code}"
    return document


@pytest.fixture
def clusters(server: ApiServer, tmp_path: Path) -> Iterator[Clusters]:
    """Europe writes, India follows."""
    world = World(copy_project(tmp_path))
    world.up("shared")
    running = Clusters(server, world)
    for code in ("eu", "in"):
        running.up(code)
    yield running
    for code in ("eu", "in"):
        running.delete(code)


def test_a_switchover_and_the_way_home_are_updates_that_cloudnativepg_takes(clusters: Clusters) -> None:
    clusters.world.authority(TO_INDIA)
    assert clusters.up("eu")["spec"]["replica"]["primary"] == "postgresql-replica"
    assert clusters.up("in")["spec"]["replica"]["promotionToken"] == TOKEN
    clusters.world.authority({"primary": "eu", "previous": "in", "epoch": 3, "change": "switchover"})
    assert "promotionToken" not in clusters.up("in")["spec"]["replica"]
    assert clusters.up("eu")["spec"]["replica"]["promotionToken"] == TOKEN


def test_a_failover_is_an_update_and_the_lost_region_a_new_cluster(clusters: Clusters) -> None:
    clusters.world.authority(LOST_EU, eu=2)
    assert "promotionToken" not in clusters.up("in")["spec"]["replica"]
    clusters.delete("eu")
    assert clusters.up("eu")["spec"]["bootstrap"]["pg_basebackup"]["source"] == "postgresql-replica"


@pytest.mark.parametrize("forged", ["bm90IGEgdG9rZW4=", "***", base64.b64encode(b'{"operatorVersion": "1"}').decode()])
def test_a_token_that_no_demotion_gave_is_refused(clusters: Clusters, forged: str) -> None:
    clusters.world.authority(TO_INDIA)
    clusters.up("eu")
    with pytest.raises(RefusedError, match="promotionToken"):
        clusters.up("in", forged)
