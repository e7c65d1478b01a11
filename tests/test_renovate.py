"""renovate.json finds every pinned version of settings/versions.py, and keeps what the comments there say."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from settings import versions
from settings.versions import HelmChart, Image

ROOT = Path(__file__).parents[1]
VERSIONS = ROOT / "settings" / "versions.py"
CONFIG: dict[str, Any] = json.loads((ROOT / "renovate.json").read_text())

UNTRACKED = {"PSMDB_CR_VERSION", "POSTGRES_DEFAULT", "PULUMI_PLUGINS"}
"""Raised with care one minor version at a time; a choice among the images; a repetition of what is tracked."""


def python_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of Renovate (RE2, named groups as in JavaScript) as one of Python."""
    return re.compile(pattern.replace("(?<", "(?P<"))


def found(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Every dependency that the managers find in a file, with the place where its match begins."""
    name, text = path.relative_to(ROOT).as_posix(), path.read_text()
    for manager in CONFIG["customManagers"]:
        if any(re.search(pattern[1:-1], name) for pattern in manager["managerFilePatterns"]):
            for pattern in manager["matchStrings"]:
                for match in python_pattern(pattern).finditer(text):
                    yield match.start(), match.groupdict()


def pins() -> Iterator[tuple[str, str | None]]:
    """(version, digest) of everything that settings/versions.py pins."""
    for name, value in vars(versions).items():
        values = value.values() if isinstance(value, Mapping) else [value]
        for item in values:
            if isinstance(item, HelmChart):
                yield item.version, None
            elif isinstance(item, Image):
                yield item.tag, item.digest
            elif isinstance(item, str) and name.isupper() and name not in UNTRACKED:
                yield item, None


def test_every_pinned_version_is_found_once() -> None:
    dependencies = [(item["currentValue"], item.get("currentDigest")) for _, item in found(VERSIONS)]
    assert sorted(dependencies, key=str) == sorted(pins(), key=str)


def test_every_hint_is_read_by_exactly_one_manager() -> None:
    hints = [match.start() for match in re.finditer("# renovate:", VERSIONS.read_text())]
    assert sorted(start for start, _ in found(VERSIONS)) == hints


def test_a_chart_is_looked_for_in_the_repository_that_it_is_installed_from() -> None:
    charts = {value.name: value.repository for value in vars(versions).values() if isinstance(value, HelmChart)}
    assert {d["depName"]: d["registryUrl"] for _, d in found(VERSIONS) if d["datasource"] == "helm"} == charts


def test_an_image_is_looked_for_under_the_name_that_it_is_pulled_by() -> None:
    images = [value for value in vars(versions).values() if isinstance(value, Image)]
    images += versions.POSTGRES_IMAGES.values()
    found_images = {(d["depName"], d["currentValue"]) for _, d in found(VERSIONS) if d["datasource"] == "docker"}
    assert {(image.repository, image.tag) for image in images} <= found_images


def test_the_series_that_a_hint_allows_is_a_rule() -> None:
    hinted = re.findall(r"depName=(\S+) allowedVersions=(\S+)\n.*?\"(\d+\.\d+[^\"]*)\"", VERSIONS.read_text())
    assert len(hinted) == VERSIONS.read_text().count("allowedVersions=")
    for name, allowed, current in hinted:
        assert any(
            rule.get("allowedVersions") == allowed
            and name in rule["matchDepNames"]
            and re.search(rule.get("matchCurrentVersion", "//")[1:-1], current)
            for rule in CONFIG["packageRules"]
        ), f"{name} {allowed}"


def test_a_version_of_a_form_of_its_own_is_read_whole() -> None:
    current = {str(d["depName"]): str(d["currentValue"]) for _, d in found(VERSIONS)}
    own = [rule for rule in CONFIG["packageRules"] if "versioning" in rule]
    assert own
    for rule in own:
        for name in rule["matchDepNames"]:
            assert python_pattern(rule["versioning"].removeprefix("regex:")).fullmatch(current[name])


def test_the_rules_name_dependencies_that_are_there() -> None:
    names = {str(d["depName"]) for _, d in found(VERSIONS)} | {"pulumi"}
    for rule in CONFIG["packageRules"]:
        for pattern in rule["matchDepNames"]:
            expression = pattern[1:-1] if pattern.startswith("/") else fnmatch.translate(pattern)
            assert any(re.search(expression, name) for name in names), pattern


def test_uv_is_found_where_make_installs_it() -> None:
    assert [d["currentValue"] for _, d in found(ROOT / "Makefile")] == re.findall(
        r"^UV_VERSION := (\S+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE
    )


def test_the_sdk_and_every_provider_are_pinned_exactly_in_one_file() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    named = re.findall(r'^ *(?:aws = \[)?"(pulumi[\w-]*)([^"]*)"', text, flags=re.MULTILINE)
    assert len(named) > 5
    assert all(re.fullmatch(r"==\d+\.\d+\.\d+", version) for _, version in named)
    assert "pep621" in CONFIG["enabledManagers"]
    workflows = "".join(path.read_text() for path in (ROOT / ".github").rglob("*") if path.is_file())
    assert not re.search(r"pulumi[^\n]*\b3\.\d+\.\d+", workflows), "the CLI's version is that of pyproject.toml"
