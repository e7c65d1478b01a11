"""Copies of the committed project to edit in tests: the Pulumi files and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from operations.plan.check import checked
from settings.problems import Problem, SettingsError
from settings.project import read_project

ROOT = Path(__file__).parent.parent
SHARED = "Pulumi.yaml"
GUARDED = {"image": f"ghcr.io/example/openova-guard@sha256:{'0' * 64}", "accountId": "0" * 32}
"""The shared fact `guard`, as it stands where guards run."""

Key = str | Sequence[str | int]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def copy_project(target: Path) -> Path:
    """Copy the committed Pulumi.yaml and Pulumi.<stack>.yaml files to the folder `target`, and give it back."""
    target.mkdir(parents=True, exist_ok=True)
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, target / file.name)
    return target


def edit(file: Path, key: Key, value: Any) -> None:
    """Set one value of a YAML file.

    `key` is a path such as `config.openova:nodes.contabo-eu-1.address` or `config.regions.value.0.name` (numbers
    are indices of lists), or its parts where one of them holds a dot. Mappings on the way are made.
    """
    document = _read(file)
    *way, last = _parts(key)
    place = document
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
    place[int(last) if isinstance(place, list) else last] = value
    _write(file, document)


def remove(file: Path, key: Key) -> None:
    """Take one value out of a YAML file; `key` is as in `edit`. Raises KeyError or IndexError where there is none."""
    document = _read(file)
    *way, last = _parts(key)
    place = document
    for part in way:
        place = place[int(part) if isinstance(place, list) else part]
    del place[int(last) if isinstance(place, list) else last]
    _write(file, document)


def value(file: Path, key: Key) -> Any:
    """One value of a YAML file; `key` is as in `edit`."""
    place: Any = _read(file)
    for part in _parts(key):
        place = place[int(part) if isinstance(place, list) else part]
    return place


def share(root: Path, key: str, value: Any) -> None:
    """Set a shared fact: `share(root, "edge.plan", "free")`. The first part names the fact."""
    fact, *rest = key.split(".")
    edit(root / SHARED, ["config", fact, "value", *rest], value)


def problems(root: Path) -> tuple[Problem, ...]:
    """Everything that the checks say of the project in `root`; empty where it is sound."""
    try:
        checked(read_project(root))
    except SettingsError as error:
        return error.problems
    return ()


def only_problem(root: Path, file: str, key: str) -> Problem:
    """The one problem of the project. Asserts that there is no other, that it names this place, and that it says
    all it has to say."""
    found = problems(root)
    assert [(problem.file, problem.key) for problem in found] == [(file, key)], "\n\n".join(map(str, found))
    assert found[0].rule and found[0].consequence and found[0].fix
    return found[0]


def _parts(key: Key) -> list[str | int]:
    return [*key.split(".")] if isinstance(key, str) else list(key)


def _read(file: Path) -> Any:
    return deepcopy(_parsed(file.read_text(encoding="utf-8")))


@cache
def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 a safe loader


def _write(file: Path, document: Any) -> None:
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
