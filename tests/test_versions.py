"""The versions of Pulumi's parts stand once: what Python installs is what settings/versions.py says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from settings import versions

ROOT = Path(__file__).parents[1]
PINNED = {
    "pulumi": versions.PULUMI,
    "pulumi-aws": versions.PULUMI_AWS,
    **{f"pulumi-{name}": wanted for name, wanted in versions.PULUMI_PLUGINS.items()},
}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


def _required() -> Iterator[tuple[str, str]]:
    project = _read("pyproject.toml")["project"]
    for line in [*project["dependencies"], *project["optional-dependencies"]["aws"]]:
        if match := re.fullmatch(r"(pulumi[a-z-]*)==([0-9.]+)", line):
            yield match[1], match[2]


def test_pyproject_pins_what_the_one_file_of_versions_says() -> None:
    assert dict(_required()) == PINNED


def test_the_lock_file_pins_what_the_one_file_of_versions_says() -> None:
    locked = {item["name"]: item["version"] for item in _read("uv.lock")["package"]}
    assert {name: found for name, found in locked.items() if re.fullmatch(r"pulumi(-\w+)?", name)} == PINNED


def test_the_readme_asks_for_a_cli_of_that_version() -> None:
    major_minor = versions.PULUMI.rpartition(".")[0]
    assert f"(https://www.pulumi.com/docs/install/) {major_minor} or newer" in (ROOT / "README.md").read_text()
