"""The documents: their links lead somewhere, and the settings, secrets and commands they name exist."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from operations.cli import app
from settings import secrets
from settings.platform import Platform
from settings.stacks import STACK

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
KEY = re.compile(r"openova:([a-z]\w*(?:\[[^\]]*\]|\.[\w-]+)*)(?![\w:]|\$)")
COMMAND = re.compile(r"(?:^|[`$ (/\n])openova +([a-z][a-z-]*)")

documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def prose(document: Path) -> str:
    """The text without its code blocks."""
    return FENCE.sub("", document.read_text())


def code(paragraph: str) -> str:
    """What stands in code spans and blocks of a paragraph."""
    return "\n".join([*re.findall(r"`([^`\n]+)`", FENCE.sub("", paragraph)), *_blocks(paragraph)])


def _blocks(text: str) -> Iterator[str]:
    for match in FENCE.finditer(text):
        yield match.group()


def paragraphs(document: Path) -> list[str]:
    """Split at empty lines, code blocks kept whole."""
    blocks: list[str] = []

    def keep(match: re.Match[str]) -> str:
        blocks.append(match.group())
        return f"\0{len(blocks) - 1}\0"

    parts = re.split(r"\n\s*\n", FENCE.sub(keep, document.read_text()))
    return [re.sub(r"\0(\d+)\0", lambda match: blocks[int(match.group(1))], part) for part in parts]


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ +(.+)$", prose(document), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", html.unescape(heading).lower()).replace(" ", "-") for heading in headings}


@documents
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(prose(document)):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def exists(schema: dict[str, Any], definitions: dict[str, Any], path: list[str]) -> bool:
    """Whether a path of names leads to a setting; in a mapping any name does, in a list any index."""
    if "$ref" in schema:
        return exists(definitions[schema["$ref"].rpartition("/")[2]], definitions, path)
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if choices:
        return any(exists(choice, definitions, path) for choice in choices)
    if schema.get("type") == "array":
        return not path or exists(schema["items"], definitions, path[1:] if path[0] == "[]" else path)
    if not path:
        return True
    inner = schema.get("properties", {}).get(path[0], schema.get("additionalProperties"))
    return isinstance(inner, dict) and exists(inner, definitions, path[1:])


def is_known(key: str) -> bool:
    """Whether `regions[*].nodes` and the like are a shared fact, a stack's setting or a secret."""
    path = [part for part in re.sub(r"\[[^\]]*\]", ".[]", key).split(".") if part]
    schemas = [TypeAdapter(Platform).json_schema(by_alias=True), STACK.json_schema(by_alias=True)]
    return f"openova:{key}" in {secret.key for secret in secrets.ALL} or any(
        exists(schema, schema.get("$defs", {}), path) for schema in schemas
    )


@documents
def test_every_setting_and_secret_that_is_named_exists(document: Path) -> None:
    named = set(KEY.findall(document.read_text()))
    assert sorted(key for key in named if not is_known(key.rstrip("."))) == []


def test_a_misspelt_setting_would_be_noticed() -> None:
    assert is_known("regions[0].postgres.cloneFrom")
    assert is_known("nodes.contabo-eu-1.hostKey")
    assert not is_known("regions[0].postgres.clonedFrom")
    assert not is_known("k3s.sha256")


def commands() -> set[str]:
    """The commands that the command line has."""
    own = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    return own | {str(group.name) for group in app.registered_groups}


@documents
def test_every_command_that_is_shown_exists(document: Path) -> None:
    for paragraph in paragraphs(document):
        for command in COMMAND.findall(code(paragraph)):
            assert command in commands()
