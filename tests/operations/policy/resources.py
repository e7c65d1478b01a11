"""Resources and facts for tests of single rules, each sound until a test breaks it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from operations.plan.recorded import Recorded
from operations.policy.model import Facts, Violation
from operations.policy.ruleset import violations
from settings.data import Residency

FACTS = Facts(
    stack="eu",
    phase="read-replicas",
    primary="eu",
    residency=Residency(),
    countries={"eu": "DE", "in": "IN"},
    secret_values=frozenset({"a-secret-that-was-configured"}),
)
CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"
CONTAINER: dict[str, Any] = {
    "name": "app",
    "image": f"example.org/api@sha256:{'0' * 64}",
    "resources": {"limits": {"cpu": "1", "memory": "64Mi"}},
    "livenessProbe": {"tcpSocket": {"port": 80}},
    "readinessProbe": {"tcpSocket": {"port": 80}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}


def resource(type_: str, inputs: dict[str, Any], name: str = "eu-thing", **options: Any) -> Recorded:
    urn = f"urn:pulumi:eu::openova::{type_}::{name}"
    return Recorded(urn=urn, type=type_, name=name, parent="", custom=True, inputs=inputs, **options)


def cluster(name: str = "eu-postgres-cluster", *, protect: bool = True, **spec: Any) -> Recorded:
    """A PostgreSQL cluster that writes, unless `replica` says otherwise."""
    return resource(CLUSTER, {"metadata": {"name": "postgresql"}, "spec": spec}, name, protect=protect)


def deployment(**changes: Any) -> Recorded:
    """A Deployment of one container; of its fields, those in `changes` stand instead, and None takes one out."""
    container = {key: value for key, value in (deepcopy(CONTAINER) | changes).items() if value is not None}
    return resource("kubernetes:apps/v1:Deployment", {"spec": {"template": {"spec": {"containers": [container]}}}})


def broken(*resources: Recorded, **facts: Any) -> list[Violation]:
    """What these resources break under the facts, with those given changed."""
    return violations(resources, replace(FACTS, **facts))


def ids(found: list[Violation]) -> set[str]:
    return {item.rule_id for item in found}
