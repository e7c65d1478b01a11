"""Kubernetes manifests of a region as the program would apply them, ready for kubectl or Flux.

Secret values are not in them: each stands as `${NAME}`, the form that Flux substitutes after building
(and `envsubst` for kubectl). Values that only a real run has stand in the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from operations.plan.recorded import Evaluation, Recorded
from operations.plan.values import PLANNED, UNKNOWN_TEXT, Secret, Unknown

RELEASE_TYPE = "kubernetes:helm.sh/v3:Release"
_NOT_OBJECTS = frozenset({RELEASE_TYPE, "pulumi:providers:kubernetes"})


def manifests(evaluation: Evaluation) -> dict[str, str]:
    """File name to YAML, one file a resource, in the order in which they may be applied."""
    files: dict[str, str] = {}
    for resource in evaluation.resources:
        if not resource.type.startswith("kubernetes:"):
            continue
        documents = list(_documents(resource))
        if documents:
            files[f"{_order(resource):02}-{resource.name}.yaml"] = "---\n".join(map(_dump, documents))
    return dict(sorted(files.items()))


def _documents(resource: Recorded) -> Iterator[dict[str, Any]]:
    if resource.type == RELEASE_TYPE:
        yield from _flux_release(resource)
    elif resource.type not in _NOT_OBJECTS:
        body = _substituted(resource.inputs, resource.name)
        body.pop("status", None)
        order = ("apiVersion", "kind", "metadata", "type", "spec")
        yield {key: body[key] for key in (*order, *sorted(set(body) - set(order))) if key in body}


def _flux_release(resource: Recorded) -> Iterator[dict[str, Any]]:
    """The same pin as a Flux HelmRelease (helm.toolkit.fluxcd.io/v2) with its repository."""
    release = _substituted(resource.inputs, resource.name)
    namespace, name = release.get("namespace", "default"), release.get("name", resource.name)
    metadata = {"name": name, "namespace": namespace}
    repository = release["repositoryOpts"]["repo"]
    oci = repository.startswith("oci://")
    yield {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": metadata,
        "spec": {"interval": "1h", "url": repository} | ({"type": "oci"} if oci else {}),
    }
    yield {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": metadata,
        "spec": {
            "interval": "1h",
            "releaseName": name,
            "chart": {
                "spec": {
                    "chart": release["chart"],
                    "version": release["version"],
                    "sourceRef": {"kind": "HelmRepository", "name": name},
                }
            },
            "install": {"createNamespace": bool(release.get("createNamespace", False)), "crds": "CreateReplace"},
            "upgrade": {"crds": "CreateReplace"},
            "values": release.get("values") or {},
        },
    }


_STAND_IN = re.compile(f"{re.escape(PLANNED)}|{re.escape(UNKNOWN_TEXT)}")
_ORDER = {"Namespace": 0, "Secret": 2, "ConfigMap": 2}


def _order(resource: Recorded) -> int:
    if resource.type == RELEASE_TYPE:
        return 1
    return _ORDER.get(str(resource.inputs.get("kind")), 3)


def _substituted(value: Any, path: str, *, hidden: bool = False) -> Any:
    """The value with every leaf that is secret, late or a stand-in as a variable named after its place."""
    if isinstance(value, Secret):
        return _substituted(value.value, path, hidden=True)
    if isinstance(value, Mapping):
        return {key: _substituted(item, f"{path}_{key}", hidden=hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_substituted(item, f"{path}_{index}", hidden=hidden) for index, item in enumerate(value)]
    if hidden or isinstance(value, Unknown) or (isinstance(value, str) and _STAND_IN.search(value)):
        return "${" + re.sub(r"[^A-Z0-9]+", "_", path.upper()).strip("_") + "}"
    return value


def _dump(document: Mapping[str, Any]) -> str:
    return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are read."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
