"""A lost state of a region: its Kubernetes objects are adopted by import (docs/state.md), and stay what they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.api_server import ApiServer
from tests.engine import need
from tests.lab.engines import engine_on

pytestmark = [pytest.mark.lab, pytest.mark.engine]

KINDS = "secrets,services,configmaps,clusters.postgresql.cnpg.io"
NAMESPACE = "engine-eu"


def identities(server: ApiServer) -> dict[str, str]:
    """The uid of every object in the region's namespace, by kind and name."""
    listed = json.loads(server.kubectl("get", KINDS, f"--namespace={NAMESPACE}", "--output=json"))
    return {f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["uid"] for item in listed["items"]}


def test_the_objects_of_a_lost_state_are_adopted_and_none_is_made_anew(server: ApiServer, tmp_path: Path) -> None:
    need("kubernetes")
    engine = engine_on(server, tmp_path)
    server.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", "eu")
    before = identities(server)
    assert "Cluster/postgresql" in before
    engine.pulumi("stack", "rm", "eu", "--force", "--yes", "--preserve-config")
    engine.pulumi("stack", "init", "eu")

    file = tmp_path / "eu.json"
    engine.pulumi("preview", "--stack", "eu", "--import-file", str(file))
    wanted = json.loads(file.read_text())
    meant = {step["newState"]["urn"].rpartition("::")[2]: step["newState"] for step in engine.preview("eu")["steps"]}
    for item in wanted["resources"]:
        if item["type"].startswith("kubernetes:"):
            item["id"] = _identifier(meant[item["name"]]["inputs"])
    file.write_text(json.dumps(wanted))
    engine.pulumi(
        "import", "--stack", "eu", "--file", str(file), "--yes", "--skip-preview", "--generate-code=false",
        "--protect=false",
    )  # fmt: skip
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", "eu")
    assert identities(server) == before
    assert {op for op, count in engine.preview("eu")["changeSummary"].items() if count} <= {"same", "read"}
    # For tests that bring up the same names; not by the engine, which waits for a garbage collector, and none runs.
    server.kubectl("delete", KINDS, "--all", f"--namespace={NAMESPACE}", "--cascade=background")


def _identifier(inputs: dict[str, Any]) -> str:
    about = inputs["metadata"]
    return f"{about['namespace']}/{about['name']}" if "namespace" in about else str(about["name"])
