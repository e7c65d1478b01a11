"""Reads the project's files as the Pulumi CLI does, for those who have no CLI.

Rules (Pulumi's project and stack configuration reference): a key without a namespace belongs to the
project; a value of the stack file wins over the project's as a whole; structures are JSON; `secure:`
marks a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from settings.problems import Problem, SettingsError

PROJECT_FILE = "Pulumi.yaml"
PROJECT_NAME = "openova"


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
    """Read the project in `root`. Raises SettingsError with every file that is missing or cannot be read."""
    problems: list[Problem] = []
    name, shared, stacks = PROJECT_NAME, dict[str, Any](), dict[str, StackFile]()
    try:
        name, shared = _read_shared(root)
    except SettingsError as error:
        problems += error.problems
    for path in sorted(root.glob("Pulumi.*.yaml")):
        if path.name.count(".") != 2:
            continue
        try:
            stack = _read_stack(path, name, shared)
        except SettingsError as error:
            problems += error.problems
        else:
            stacks[stack.name] = stack
    if problems:
        raise SettingsError(problems)
    return ProjectFiles(root=root, name=name, shared=shared, stacks=stacks)


def shared_facts(root: Path) -> Mapping[str, Any]:
    """The `config:` of Pulumi.yaml with qualified keys. Raises SettingsError as `read_project` does."""
    return _read_shared(root)[1]


def own_config(path: Path) -> dict[str, Any]:
    """The `config:` of a stack's file with qualified keys. Raises SettingsError as `read_yaml` does."""
    return _own_config(path, read_yaml(path), PROJECT_NAME)


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


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The reader in C where PyYAML was built with it: every evaluation of a stack reads Pulumi.yaml."""


class _Loader(_SafeLoader):  # type: ignore[misc]
    """YAML as Pulumi's reader (go-yaml 3) takes it. A key may stand once only: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(getattr(key_node, "value", ""))
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


# Words such as off, no and NO (Norway) are text to Pulumi, and YAML 1.1 would make them booleans; a date is
# text too, because configuration is JSON.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def _read_shared(root: Path) -> tuple[str, dict[str, Any]]:
    """The project's name, and its configuration by qualified key."""
    path = root / PROJECT_FILE
    document = read_yaml(path)
    name = document.get("name")
    if name != PROJECT_NAME:
        raise _unreadable(
            path,
            f"The project's name is {name!r}, not {PROJECT_NAME}.",
            f"Write name: {PROJECT_NAME}. The name is also the namespace of every setting.",
            key="name",
        )
    return name, {qualified(str(key), name): _project_value(value) for key, value in _config(path, document).items()}


def _config(path: Path, document: Mapping[str, Any]) -> Mapping[Any, Any]:
    config = document.get("config") or {}
    if not isinstance(config, dict):
        raise _unreadable(
            path, "`config` is not a mapping of keys.", "Write one setting a line below it.", key="config"
        )
    return config


def _own_config(path: Path, document: Mapping[str, Any], project: str) -> dict[str, Any]:
    return {qualified(str(key), project): value for key, value in _config(path, document).items()}


def _project_value(value: Any) -> Any:
    if isinstance(value, dict) and ("value" in value or "default" in value):
        return value.get("value", value.get("default"))
    return value


def _read_stack(path: Path, project: str, shared: Mapping[str, Any]) -> StackFile:
    document = read_yaml(path)
    own = _own_config(path, document, project)
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


def _unreadable(path: Path, rule: str, fix: str, key: str = "(whole file)") -> SettingsError:
    consequence = "The configuration cannot be read, so nothing can be checked."
    return SettingsError([Problem(path.name, key, rule, consequence, fix)])
