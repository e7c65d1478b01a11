"""Reads the project's files as the Pulumi CLI does, for those who have no CLI.

Rules (Pulumi's project and stack configuration reference): a key without a namespace belongs to the
project; a value of the stack file wins over the project's as a whole; structures are JSON; `secure:`
marks a secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from settings.problems import Problem, SettingsError

PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class StackFile:
    """One stack's configuration, merged with the project's.

    `values` are as Pulumi hands them to a program (strings, structures as JSON); `secrets` are the keys
    whose value is encrypted; `own` the keys that stand in the stack's own file; `initialised` tells
    whether `pulumi stack init` has been here.
    """

    name: str
    file: str
    values: Mapping[str, str]
    secrets: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    initialised: bool = False


@dataclass(frozen=True)
class ProjectFiles:
    """Pulumi.yaml and every Pulumi.<stack>.yaml beside it."""

    root: Path
    name: str
    shared: Mapping[str, Any]
    stacks: Mapping[str, StackFile] = field(default_factory=dict)


def read_project(root: Path) -> ProjectFiles:
    """Read the project in `root`. Raises SettingsError for a file that is missing or is not YAML."""
    document = read_yaml(root / PROJECT_FILE)
    name = str(document.get("name", ""))
    shared = {qualified(key, name): _project_value(value) for key, value in (document.get("config") or {}).items()}
    stacks = {
        path.name.split(".")[1]: _read_stack(path, name, shared)
        for path in sorted(root.glob("Pulumi.*.yaml"))
        if path.name.count(".") == 2
    }
    return ProjectFiles(root=root, name=name, shared=shared, stacks=stacks)


def shared_facts(root: Path) -> Mapping[str, Any]:
    """The `config:` of Pulumi.yaml with qualified keys."""
    document = read_yaml(root / PROJECT_FILE)
    name = str(document.get("name", ""))
    return {qualified(key, name): _project_value(value) for key, value in (document.get("config") or {}).items()}


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top is a mapping. Raises SettingsError otherwise."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 a safe loader
    except FileNotFoundError:
        raise _unreadable(path, "The file is not there.", "Make it; the README shows a complete one.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise _unreadable(path, f"It is not YAML: {reason}.", "Correct the line that the message names.") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _unreadable(path, "Its top is not a mapping of keys.", "Begin with `config:`.")
    return document


def qualified(key: str, project: str) -> str:
    """`openova:domain` for `domain`."""
    return key if ":" in key else f"{project}:{key}"


def encode(value: Any) -> str:
    """A value as Pulumi hands it to a program: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand once only: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(getattr(key_node, "value", ""))
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _project_value(value: Any) -> Any:
    if isinstance(value, dict) and ("value" in value or "default" in value):
        return value.get("value", value.get("default"))
    return value


def _read_stack(path: Path, project: str, shared: Mapping[str, Any]) -> StackFile:
    document = read_yaml(path)
    own = {qualified(str(key), project): value for key, value in (document.get("config") or {}).items()}
    secrets = frozenset(key for key, value in own.items() if isinstance(value, dict) and "secure" in value)
    merged = {**shared, **own}
    return StackFile(
        name=path.name.split(".")[1],
        file=path.name,
        values={key: "" if key in secrets else encode(value) for key, value in merged.items()},
        secrets=secrets,
        own=frozenset(own),
        initialised=bool(document.get("encryptionsalt") or document.get("secretsprovider")),
    )


def _unreadable(path: Path, rule: str, fix: str) -> SettingsError:
    return SettingsError(
        [
            Problem(
                path.name,
                "(whole file)",
                rule,
                "The configuration cannot be read, so nothing can be checked.",
                fix,
            )
        ]
    )
