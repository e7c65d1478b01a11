"""Percona's own operator is shown what the program renders for MongoDB at three sites: what it makes of it.

No mongod runs: the operator makes its StatefulSets and waits for pods. What it does with a live set is not seen here.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from lab import tools
from lab.api_server import ApiServer
from lab.percona import percona
from tests.lab.test_objects import objects
from tests.planning import planned
from tests.projects import copy_project, share
from tests.variants import witness

pytestmark = pytest.mark.lab

SITES = {"eu": 3, "in": 3, "sg": 1}
SPACES = {code: f"mongodb-{code}" for code in SITES}
SHARED = ("users", "ssl", "ssl-internal", "keyfile", "encryption-key", "app-user")
TRIES = 120


def rendered(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Secrets and custom resource of every site; on one API server each site is a namespace."""
    evaluations = planned(root).evaluations
    found = {}
    for code, space in SPACES.items():
        kept = [item for item in objects(evaluations[code]) if item["kind"] in ("Secret", "PerconaServerMongoDB")]
        kept = [item for item in kept if item["metadata"].get("namespace") == "mongodb"]
        found[code] = [item | {"metadata": item["metadata"] | {"namespace": space}} for item in deepcopy(kept)]
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("percona"))
    witness(folder)
    return folder


@pytest.fixture(scope="module")
def log(server: ApiServer, root: Path) -> Iterator[Path]:
    """The operator, with the objects of all sites applied. Gives its log."""
    if os.geteuid() != 0 or not tools.program("psmdb-manager").exists():
        pytest.skip(f"needs root and psmdb-manager in {tools.cache()} ({tools.BUILD}, with Go)")
    with percona(server, list(SPACES.values())) as running:
        for items in rendered(root).values():
            server.apply(items)
        yield running


def get(server: ApiServer, code: str, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        server.kubectl("-n", SPACES[code], "get", kind, name, "--show-managed-fields", "-o", "json")
    )
    return found


def names(server: ApiServer, code: str, kind: str) -> set[str]:
    listed = json.loads(server.kubectl("-n", SPACES[code], "get", kind, "-o", "json"))["items"]
    return {item["metadata"]["name"] for item in listed}


def eventually(check: Callable[[], bool]) -> None:
    for _ in range(TRIES):
        if check():
            return
        time.sleep(0.5)
    pytest.fail("the operator never came to it")


def stateful_set(server: ApiServer, code: str) -> dict[str, Any]:
    name = f"mongodb-{code}-rs0"
    eventually(lambda: name in names(server, code, "statefulset"))
    return get(server, code, "statefulset", name)


@pytest.mark.parametrize("code", SITES)
def test_it_makes_as_many_pods_as_there_are_members(server: ApiServer, log: Path, code: str) -> None:
    made = stateful_set(server, code)
    assert made["spec"]["replicas"] == SITES[code]
    assert made["spec"]["template"]["spec"]["containers"][0]["name"] == "mongod"


@pytest.mark.parametrize("code", SITES)
def test_every_mongod_is_encrypted_on_the_wire_and_at_rest_with_the_shared_secrets(
    server: ApiServer, log: Path, code: str
) -> None:
    pod = stateful_set(server, code)["spec"]["template"]["spec"]
    arguments = pod["containers"][0]["args"]
    for argument in ("--tlsMode=requireTLS", "--enableEncryption", "--clusterAuthMode=keyFile", "--replSet=rs0"):
        assert argument in arguments
    mounted = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    wanted = {f"mongodb-global-{name}" for name in ("keyfile", "encryption-key", "ssl", "ssl-internal")}
    assert mounted == wanted | {f"internal-mongodb-{code}-users"}
    settings = get(server, code, "configmap", f"mongodb-{code}-rs0-mongod")["data"]
    assert "allowConnectionsWithoutCertificates: true" in settings["mongod.conf"]


@pytest.mark.parametrize("code", SITES)
def test_it_makes_up_no_key_of_its_own_and_leaves_ours_alone(
    server: ApiServer, log: Path, root: Path, code: str
) -> None:
    stateful_set(server, code)
    ours = {item["metadata"]["name"] for item in rendered(root)[code] if item["kind"] == "Secret"}
    assert {f"mongodb-global-{name}" for name in SHARED} <= ours
    assert names(server, code, "secret") == ours | {f"internal-mongodb-{code}-users"}
    for name in ours:
        managers = {field["manager"] for field in get(server, code, "secret", name)["metadata"]["managedFields"]}
        assert len(managers) == 1, (name, managers)


def test_backups_run_beside_the_members_of_the_managed_site_only(server: ApiServer, log: Path) -> None:
    containers = {
        code: [each["name"] for each in stateful_set(server, code)["spec"]["template"]["spec"]["containers"]]
        for code in SITES
    }
    assert containers == {"eu": ["mongod", "backup-agent"], "in": ["mongod"], "sg": ["mongod"]}


@pytest.mark.parametrize("code", SITES)
def test_it_waits_for_the_pods_and_has_nothing_against_the_resource(server: ApiServer, log: Path, code: str) -> None:
    def state() -> str:
        return str(get(server, code, "psmdb", f"mongodb-{code}").get("status", {}).get("state"))

    eventually(lambda: state() == "initializing")
    assert "wrong psmdb options" not in log.read_text()


@pytest.mark.parametrize(("name", "broken"), [("smart", "updateStrategy"), ("unsafe", "unsafeFlags")])
def test_it_refuses_what_the_components_refuse(
    server: ApiServer, log: Path, root: Path, name: str, broken: str
) -> None:
    """SmartUpdate where it manages nothing, and one pod without the flag that says that it is meant."""
    (wrong,) = [item for item in rendered(root)["sg"] if item["kind"] == "PerconaServerMongoDB"]
    wrong["metadata"]["name"] = f"mongodb-{name}"
    del wrong["spec"][broken]
    if name == "smart":
        wrong["spec"][broken] = "SmartUpdate"
    server.apply([wrong])
    eventually(lambda: get(server, "sg", "psmdb", f"mongodb-{name}").get("status", {}).get("state") == "error")
    server.kubectl("-n", SPACES["sg"], "delete", "psmdb", f"mongodb-{name}", "--wait=false")


def test_a_planned_switchover_swaps_the_managed_side_and_is_taken(server: ApiServer, log: Path, root: Path) -> None:
    share(root, "authority", {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"})
    for items in rendered(root).values():
        server.apply([item for item in items if item["kind"] == "PerconaServerMongoDB"])

    def agents() -> dict[str, bool]:
        return {
            code: len(stateful_set(server, code)["spec"]["template"]["spec"]["containers"]) == 2
            for code in ("eu", "in")
        }

    eventually(lambda: agents() == {"eu": False, "in": True})
    overrides = get(server, "in", "psmdb", "mongodb-in")["spec"]["replsets"][0]["replsetOverrides"]
    assert [overrides[f"mongodb-in-rs0-{index}"]["priority"] for index in range(2)] == [10, 9]
    for code, unmanaged in (("eu", True), ("in", False), ("sg", True)):
        resource = get(server, code, "psmdb", f"mongodb-{code}")
        assert resource["spec"].get("unmanaged", False) is unmanaged
        assert resource["status"]["state"] == "initializing"
