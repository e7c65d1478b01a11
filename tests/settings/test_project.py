"""How the project's files become configuration: Pulumi's rules of merging, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from settings.problems import Problem, SettingsError
from settings.project import StackFile, encode, read_project, read_yaml, shared_facts
from tests.projects import ROOT

SHARED = "name: openova\nconfig:\n  budget:\n    value: 75\n  tenants:\n    value: [a, b]\n"
STACK = "config:\n  openova:kind: region\n"


def project(root: Path, shared: str = SHARED, **stacks: str) -> Path:
    (root / "Pulumi.yaml").write_text(shared, encoding="utf-8")
    for name, text in stacks.items():
        (root / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    return root


def stack(root: Path, shared: str, own: str) -> StackFile:
    return read_project(project(root, shared, eu=own)).stacks["eu"]


def refused(root: Path) -> list[tuple[str, str]]:
    with pytest.raises(SettingsError) as error:
        read_project(root)
    assert all(isinstance(problem, Problem) and problem.rule for problem in error.value.problems)
    assert all(problem.consequence and problem.fix for problem in error.value.problems)
    return [(problem.file, problem.key) for problem in error.value.problems]


def test_a_stack_inherits_the_projects_values_under_the_projects_namespace(tmp_path: Path) -> None:
    found = stack(tmp_path, SHARED, STACK)
    assert found.values == {"openova:budget": "75", "openova:tenants": '["a", "b"]', "openova:kind": "region"}
    assert found.own == {"openova:kind"}


def test_a_value_of_the_stack_replaces_the_projects_as_a_whole(tmp_path: Path) -> None:
    shared = "name: openova\nconfig:\n  postgres:\n    value: {version: '18', database: app}\n"
    found = stack(tmp_path, shared, "config:\n  openova:postgres: {version: '17'}\n")
    assert json.loads(found.values["openova:postgres"]) == {"version": "17"}
    assert found.own == {"openova:postgres"}


def test_a_key_without_namespace_belongs_to_the_project(tmp_path: Path) -> None:
    assert stack(tmp_path, SHARED, "config:\n  kind: region\n").values["openova:kind"] == "region"


def test_a_key_of_another_namespace_keeps_it(tmp_path: Path) -> None:
    assert stack(tmp_path, SHARED, "config:\n  cloudflare:email: a@b.c\n").own == {"cloudflare:email"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{value: 3}", 3),
        ("{type: integer, default: 3}", 3),
        ("{type: integer, default: 3, value: 4}", 4),
        ("plain", "plain"),
        ("[1, 2]", [1, 2]),
    ],
)
def test_the_project_gives_a_value_or_a_default(tmp_path: Path, text: str, value: object) -> None:
    root = project(tmp_path, f"name: openova\nconfig:\n  a: {text}\n")
    assert shared_facts(root) == {"openova:a": value}


def test_a_secret_is_known_by_its_key_only(tmp_path: Path) -> None:
    found = stack(tmp_path, SHARED, "config:\n  openova:r2AccessKeyId:\n    secure: v1:abc:def\n")
    assert found.secrets == found.own == {"openova:r2AccessKeyId"}
    assert found.values["openova:r2AccessKeyId"] == ""
    assert "v1:abc:def" not in repr(found)


@pytest.mark.parametrize(
    ("line", "initialised"),
    [("", False), ("encryptionsalt: v1:abc\n", True), ("secretsprovider: awskms://alias/a\n", True)],
)
def test_a_stack_that_has_a_salt_or_a_secrets_provider_is_initialised(
    tmp_path: Path, line: str, initialised: bool
) -> None:
    assert stack(tmp_path, SHARED, line + STACK).initialised is initialised


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (74.85, "74.85"), ([1], "[1]"), ({"a": None}, '{"a": null}')]
)
def test_text_stays_as_it_is_and_everything_else_is_json(value: object, text: str) -> None:
    assert encode(value) == text


@pytest.mark.parametrize("word", ["off", "on", "no", "NO", "yes", "n", "2026-01-31"])
def test_words_that_pulumi_reads_as_text_are_text(tmp_path: Path, word: str) -> None:
    assert stack(tmp_path, SHARED, f"config:\n  openova:a: {word}\n").values["openova:a"] == word


@pytest.mark.parametrize(("word", "text"), [("true", "true"), ("False", "false"), ("truth", "truth")])
def test_true_and_false_are_the_only_booleans(tmp_path: Path, word: str, text: str) -> None:
    assert stack(tmp_path, SHARED, f"config:\n  openova:a: {word}\n").values["openova:a"] == text


def test_a_file_of_another_form_of_name_is_no_stack(tmp_path: Path) -> None:
    root = project(tmp_path, eu=STACK)
    (root / "Pulumi.eu.old.yaml").write_text("not: [yaml")
    (root / "Pulumi.yml").write_text("not: [yaml")
    assert set(read_project(root).stacks) == {"eu"}


def test_an_empty_stack_file_has_only_the_shared_facts(tmp_path: Path) -> None:
    assert stack(tmp_path, SHARED, "").own == frozenset()


def test_without_the_project_file_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert refused(tmp_path) == [("Pulumi.yaml", "(whole file)")]


@pytest.mark.parametrize("text", ["config: [", "a: b: c", "\t- a", "config: {a: 1, a: 2}", "- a\n- b", "just text"])
def test_what_is_not_a_mapping_in_yaml_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(project(tmp_path, eu=text)) == [("Pulumi.eu.yaml", "(whole file)")]


def test_bytes_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    root = project(tmp_path, eu=STACK)
    (root / "Pulumi.eu.yaml").write_bytes(b"config:\n  a: \xff\xfe\n")
    assert refused(root) == [("Pulumi.eu.yaml", "(whole file)")]


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    root = project(tmp_path, eu="config:\n  openova:nodes:\n    eu-1: {}\n    eu-2: {}\n    eu-1: {}\n")
    with pytest.raises(SettingsError) as error:
        read_project(root)
    assert "the key 'eu-1' stands twice" in str(error.value)
    assert "line 5" in str(error.value)


def test_every_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    root = project(tmp_path, "name: [", eu="config: [", **{"in": STACK, "global": "- a"})
    assert [file for file, _ in refused(root)] == ["Pulumi.eu.yaml", "Pulumi.global.yaml", "Pulumi.yaml"]


@pytest.mark.parametrize("file", ["shared", "eu"])
def test_a_configuration_that_is_a_list_is_refused(tmp_path: Path, file: str) -> None:
    if file == "shared":
        root, name = project(tmp_path, "name: openova\nconfig: [a]\n"), "Pulumi.yaml"
    else:
        root, name = project(tmp_path, eu="config: [a]\n"), "Pulumi.eu.yaml"
    assert refused(root) == [(name, "config")]


@pytest.mark.parametrize("name", ["name: acme\n", ""])
def test_a_renamed_project_is_told_at_its_name(tmp_path: Path, name: str) -> None:
    assert refused(project(tmp_path, name + "config: {}\n", eu=STACK)) == [("Pulumi.yaml", "name")]


def test_a_number_as_a_key_is_read_as_text(tmp_path: Path) -> None:
    assert shared_facts(project(tmp_path, "name: openova\nconfig: {7: {value: 1}}\n")) == {"openova:7": 1}


def test_the_committed_files_are_read_as_they_stand() -> None:
    files = read_project(ROOT)
    assert files.name == "openova"
    assert set(files.stacks) >= {"shared", "eu", "in", "global"}
    assert files.shared["openova:edge"]["steering"] == "auto"
    assert read_yaml(ROOT / "Pulumi.eu.yaml")["config"]["openova:code"] == "eu"
