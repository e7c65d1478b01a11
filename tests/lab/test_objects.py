"""Every Kubernetes object of every variant, shown to a real API server and to CloudNativePG's own webhooks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import tools
from lab.api_server import ApiServer, RefusedError
from operations.plan.manifests import manifests
from operations.plan.recorded import Evaluation
from tests.planning import planned
from tests.projects import copy_project
from tests.variants import VARIANTS

pytestmark = pytest.mark.lab

FLUX = "toolkit.fluxcd.io/"


def objects(evaluation: Evaluation) -> list[dict[str, Any]]:
    """What the stack would apply, without the charts, which `manifests` renders for Flux."""
    documents = [item for text in manifests(evaluation).values() for item in yaml.safe_load_all(text)]
    return [item for item in documents if FLUX not in item["apiVersion"]]


def regions_of(variant: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The objects of every stack of a variant that has any."""
    root = copy_project(folder / "project")
    VARIANTS[variant](root)
    stacks = {name: objects(evaluation) for name, evaluation in planned(root).evaluations.items()}
    return {name: found for name, found in stacks.items() if found}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_object_is_taken_as_it_is_written(server: ApiServer, variant: str, tmp_path: Path) -> None:
    kinds: Counter[str] = Counter()
    for stack in regions_of(variant, tmp_path).values():
        spaces = {item["metadata"].get("namespace", "default") for item in stack if item["kind"] != "Namespace"}
        server.apply([namespace(name) for name in sorted(spaces)])
        server.apply(stack, dry_run=True)
        kinds.update(item["kind"] for item in stack)
    assert kinds["Cluster"] == (1 if variant == "single" else 2)
    assert kinds["Secret"] > 3


def test_a_connectors_pod_keeps_to_the_restricted_standard_of_its_namespace(server: ApiServer, tmp_path: Path) -> None:
    stack = regions_of("tunnel", tmp_path)["in"]
    deployment = first(stack, "Deployment")
    home = deployment["metadata"]["namespace"]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": home}}
    server.apply([item for item in stack if item["kind"] == "Namespace" and item["metadata"]["name"] == home])
    server.apply([account])
    pod = {"apiVersion": "v1", "kind": "Pod", **deployment["spec"]["template"]}
    pod["metadata"] = {**pod["metadata"], "name": "connector", "namespace": home}
    server.apply([pod], dry_run=True)
    pod["spec"] = {**pod["spec"], "hostNetwork": True}
    with pytest.raises(RefusedError, match="restricted"):
        server.apply([pod], dry_run=True)


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@pytest.fixture(scope="module")
def europe(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Europe's objects as committed."""
    return regions_of("committed", tmp_path_factory.mktemp("committed"))["eu"]


def first(stack: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(item for item in stack if item["kind"] == kind)


@pytest.mark.parametrize("kind", ["Cluster", "ScheduledBackup", "ObjectStore", "PerconaServerMongoDB", "ConfigMap"])
def test_a_field_that_nobody_knows_is_refused(server: ApiServer, europe: list[dict[str, Any]], kind: str) -> None:
    found = first(europe, kind)
    server.apply([namespace(found["metadata"]["namespace"])])
    with pytest.raises(RefusedError, match="unknown field"):
        server.apply([{**found, "spek": {}}], dry_run=True)


def test_cloudnativepg_refuses_a_source_that_is_not_listed(server: ApiServer, europe: list[dict[str, Any]]) -> None:
    cluster = first(europe, "Cluster")
    spec: Mapping[str, Any] = {**cluster["spec"], "externalClusters": cluster["spec"]["externalClusters"][:1]}
    with pytest.raises(RefusedError, match=r"External cluster .* not found"):
        server.apply([{**cluster, "spec": spec}], dry_run=True)


def test_the_api_server_is_the_release_inside_the_pinned_k3s(server: ApiServer) -> None:
    assert yaml.safe_load(server.kubectl("get", "--raw", "/version"))["gitVersion"] == tools.KUBERNETES


def test_the_programs_are_built_from_the_versions_that_are_deployed() -> None:
    wanted = {"kubernetes": ("k8s.io/kubernetes", tools.KUBERNETES), "cloudnative-pg": tools.CNPG}
    for folder, (module, version) in wanted.items():
        text = (Path(tools.__file__).parent / "tools" / folder / "go.mod").read_text()
        assert re.search(rf"{re.escape(module)} {re.escape(version)}\b", text), f"lab/tools/{folder}/go.mod"
