"""One rule over all components: what each must have, whoever wrote it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pulumi
import pytest

import components
import regions
from components.node import DIALS_TO_A_RUNNING_HOST, DIALS_TO_AN_ORDERED_HOST
from operations.plan.recorded import Evaluation, Recorded
from operations.plan.values import Secret
from operations.policy.rules.kept import HOLDS_DATA_OR_COSTS_MONEY
from tests.planning import planned
from tests.projects import copy_project, edit
from tests.variants import HAS_ROUTE_53, VARIANTS

REMADE_FREELY = ("plugin-server", "plugin-client")
"""Certificates that only the operator and its plugin show each other."""


@pytest.fixture(scope="module")
def evaluations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Evaluation]]:
    """Every stack of every variant of the committed project."""
    found = {}
    for name, change in VARIANTS.items():
        root = copy_project(tmp_path_factory.mktemp(name) / "project")
        change(root)
        found[name] = dict(planned(root).evaluations)
    return found


def every(evaluations: dict[str, dict[str, Evaluation]]) -> Iterator[tuple[Evaluation, Recorded]]:
    for stacks in evaluations.values():
        for evaluation in stacks.values():
            for resource in evaluation.resources:
                yield evaluation, resource


def classes() -> list[type[pulumi.ComponentResource]]:
    """Every component class of the project; those of Route 53 where its extra is installed."""
    found: list[type[pulumi.ComponentResource]] = []
    for package in (components, regions):
        for module in _modules(package):
            for item in vars(importlib.import_module(module)).values():
                own = isinstance(item, type) and item.__module__ == module
                if own and issubclass(item, pulumi.ComponentResource):
                    found.append(item)
    return found


def _modules(package: ModuleType) -> Iterator[str]:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.", onerror=lambda _: None):
        if HAS_ROUTE_53 or not module.name.startswith("components.edge.route53"):
            yield module.name


def token_of(kind: type[pulumi.ComponentResource]) -> str:
    package, module, *_ = kind.__module__.split(".")
    return f"openova:{module if package == 'components' else package}:{kind.__name__}"


def test_every_component_appears_in_some_variant_under_its_own_token(
    evaluations: dict[str, dict[str, Evaluation]],
) -> None:
    seen = {resource.type for _, resource in every(evaluations)}
    assert {token_of(kind) for kind in classes()} <= seen
    assert {type_ for type_ in seen if type_.startswith("openova:")} == {token_of(kind) for kind in classes()}


def test_every_component_registers_its_outputs(evaluations: dict[str, dict[str, Evaluation]]) -> None:
    missing = [
        resource.name
        for evaluation, resource in every(evaluations)
        if resource.type.startswith("openova:") and resource.urn not in evaluation.registered_outputs
    ]
    assert not missing


def test_every_resource_belongs_to_a_component_and_bears_its_name(
    evaluations: dict[str, dict[str, Evaluation]],
) -> None:
    for evaluation, resource in every(evaluations):
        parents = {item.urn: item for item in evaluation.resources}
        parent = parents.get(resource.parent)
        if parent is None:
            assert resource.read or resource.type.startswith("openova:"), resource.name
        elif not parent.type.startswith("openova:regions:"):
            assert resource.name.startswith(f"{parent.name}-"), resource.name


def test_what_holds_data_or_costs_money_is_protected(evaluations: dict[str, dict[str, Evaluation]]) -> None:
    bare = {
        resource.name
        for _, resource in every(evaluations)
        if resource.type in HOLDS_DATA_OR_COSTS_MONEY
        and not resource.protect
        and not any(part in resource.name for part in REMADE_FREELY)
    }
    assert not bare


def test_protection_can_be_taken_off_by_the_setting(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    for stack in ("shared", "eu", "in", "global"):
        edit(root / f"Pulumi.{stack}.yaml", "config.openova:protect", False)
    for evaluation in planned(root).evaluations.values():
        assert [resource.name for resource in evaluation.resources if resource.protect] == []


def test_a_region_never_imports_the_edge_nor_the_edge_kubernetes(
    evaluations: dict[str, dict[str, Evaluation]],
) -> None:
    for stacks in evaluations.values():
        for name, evaluation in stacks.items():
            providers = {resource.type.split(":")[0] for resource in evaluation.resources}
            if name in ("shared", "global"):
                assert "kubernetes" not in providers
            else:
                assert "cloudflare" not in providers


def test_everything_in_a_cluster_goes_through_the_regions_own_provider(
    evaluations: dict[str, dict[str, Evaluation]],
) -> None:
    for _, resource in every(evaluations):
        if resource.type.startswith("kubernetes:"):
            assert resource.provider.endswith("-kubernetes"), resource.name


def test_no_command_carries_a_secret_and_none_is_destructive(evaluations: dict[str, dict[str, Evaluation]]) -> None:
    for _, resource in every(evaluations):
        if resource.type == "command:remote:Command":
            assert not isinstance(resource.inputs["create"], Secret), resource.name
            assert "delete" not in resource.inputs
            assert "triggers" not in resource.inputs
            assert "environment" not in resource.inputs


def test_every_host_key_is_pinned(evaluations: dict[str, dict[str, Evaluation]]) -> None:
    for _, resource in every(evaluations):
        if resource.type == "command:remote:Command":
            connection = resource.inputs["connection"]
            connection = connection.value if isinstance(connection, Secret) else connection
            assert connection["hostKey"].startswith("ssh-ed25519 "), resource.name


def test_only_a_server_that_is_ordered_is_dialled_for_minutes(
    evaluations: dict[str, dict[str, Evaluation]],
) -> None:
    patient = set()
    for _, resource in every(evaluations):
        if resource.type == "command:remote:Command":
            connection = resource.inputs["connection"]
            connection = connection.value if isinstance(connection, Secret) else connection
            if connection["dialErrorLimit"] != DIALS_TO_A_RUNNING_HOST:
                patient.add((connection["dialErrorLimit"], "contabo-eu-3" in resource.name))
    assert patient == {(DIALS_TO_AN_ORDERED_HOST, True)}


def test_no_database_service_is_a_load_balancer(evaluations: dict[str, dict[str, Evaluation]]) -> None:
    assert "LoadBalancer" not in {
        resource.inputs["spec"]["type"]
        for _, resource in every(evaluations)
        if resource.type == "kubernetes:core/v1:Service"
    }
    for _, resource in every(evaluations):
        if resource.type == "kubernetes:postgresql.cnpg.io/v1:Cluster":
            services = resource.inputs["spec"].get("managed", {}).get("services", {}).get("additional", [])
            assert {item["serviceTemplate"]["spec"]["type"] for item in services} <= {"NodePort"}
