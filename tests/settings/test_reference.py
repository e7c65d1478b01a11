from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import Field

from settings.base import Settings
from settings.formats import Port, RegionCode
from settings.platform import Platform
from settings.reference import render
from settings.secrets import ALL
from settings.stacks import GlobalStack, RegionStack, SharedStack
from settings.words import default_of, models_in, type_of
from tests.projects import ROOT


def every_model(model: type[Settings]) -> Iterator[type[Settings]]:
    yield model
    for field in model.model_fields.values():
        for _, inner in models_in(field.annotation):
            yield from every_model(inner)


MODELS = sorted(
    {model for top in (Platform, RegionStack, SharedStack, GlobalStack) for model in every_model(top)},
    key=lambda model: model.__name__,
)


def test_the_committed_reference_is_in_step_with_the_models() -> None:
    committed = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert committed == render(), "run: python -m settings.reference > docs/settings.md"


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_says_what_it_is_in_one_line(model: type[Settings]) -> None:
    assert model.__doc__
    for name, field in model.model_fields.items():
        said = field.description or ""
        assert said.endswith(".") and "\n" not in said and "|" not in said, f"{model.__name__}.{name}"


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_has_a_row_with_its_form_and_default(model: type[Settings]) -> None:
    lines = render().splitlines()
    for field in model.model_fields.values():
        row = f"{field.alias}` | {type_of(field)} | {default_of(field)} | {field.description} |"
        assert any(line.endswith(row) for line in lines), row


def test_every_row_has_four_cells() -> None:
    rows = [line for line in render().splitlines() if line.startswith("| `") and "pulumi config" not in line]
    secrets = {f"| `{secret.key}`" for secret in ALL}
    assert all(row.count(" | ") == (2 if row.split(" | ")[0] in secrets else 3) for row in rows)
    assert len(rows) > 100


class Block(Settings):
    """A block."""


@pytest.mark.parametrize(
    ("annotation", "places"),
    [
        (Block, [""]),
        (Block | None, [""]),
        (tuple[Block, ...], ["[]"]),
        (dict[RegionCode, Block], [".<region code>"]),
        (dict[RegionCode, tuple[Block, ...]], [".<region code>[]"]),
        (dict[str, int] | None, []),
        (str, []),
    ],
)
def test_a_block_is_found_wherever_it_stands(annotation: Any, places: list[str]) -> None:
    assert models_in(annotation) == [(place, Block) for place in places]


class Sample(Settings):
    code: RegionCode = Field(description="A.")
    ports: tuple[Port, ...] = Field(default=(80,), min_length=1, description="A.")
    share: float = Field(default=0.5, gt=0, lt=1, description="A.")
    times: dict[RegionCode, tuple[int, int]] = Field(default_factory=dict, description="A.")
    version: str | None = Field(default="7.0", description="A.")
    name: str | None = Field(default=None, description="A.")
    many: tuple[int, ...] = Field(default=tuple(range(9)), description="A.")


@pytest.mark.parametrize(
    ("name", "form", "default"),
    [
        ("code", "region code", "required"),
        ("ports", "list: port, at least one", "`[80]`"),
        ("share", "number, above 0, below 1", "`0.5`"),
        ("times", "for each region code: list of 2: whole number", "`{}`"),
        ("version", "text", '`"7.0"`'),
        ("name", "text", "none"),
        ("many", "list: whole number", "9 entries"),
    ],
)
def test_forms_and_defaults_are_said_in_words(name: str, form: str, default: str) -> None:
    field = Sample.model_fields[name]
    assert (type_of(field), default_of(field)) == (form, default)


def test_a_type_without_words_is_an_error_of_the_program() -> None:
    class Odd(Settings):
        odd: set[int] = Field(description="A.")

    with pytest.raises(TypeError, match="has no words"):
        type_of(Odd.model_fields["odd"])
