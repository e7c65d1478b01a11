"""Types and defaults of settings in words, for the reference."""

from __future__ import annotations

import json
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.base import Settings
from settings.formats import Form

_PLAIN = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
_MANY = 5


def type_of(field: FieldInfo) -> str:
    """`region code`, `list: node name, at least one`, `` `single` or `tunnel` `` and so on."""
    return _words(field.annotation, field.metadata)


def default_of(field: FieldInfo) -> str:
    """The default as it would be written in YAML; `required` where there is none."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Settings):
        return "its defaults"
    if value is None or value is PydanticUndefined or value == "":
        return "none"
    if isinstance(value, tuple) and len(value) > _MANY:
        return f"{len(value)} entries"
    return _yaml(value)


def models_in(annotation: Any) -> list[tuple[str, type[Settings]]]:
    """The models that a value of this type holds, each with how its place is written: ``, `[]` or `.<node name>`."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return [("", annotation)]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return [found for part in inner for found in models_in(part)]
    if origin is tuple:
        return [(f"[]{place}", model) for place, model in models_in(inner[0])]
    if origin is dict:
        return [(f".<{_words(inner[0], [])}>{place}", model) for place, model in models_in(inner[1])]
    return []


def _words(annotation: Any, metadata: list[Any]) -> str:
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = [*metadata, *more]
    marks = [mark for item in metadata for mark in ([item, *item.metadata] if isinstance(item, FieldInfo) else [item])]
    for mark in marks:
        if isinstance(mark, Form):
            return mark.words
    return _structure(annotation) + _limits(annotation, marks)


def _structure(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return "block"
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _alternatives([_yaml(value) for value in inner])
    if origin in (Union, UnionType):
        return _alternatives([_words(part, []) for part in inner if part is not type(None)])
    if origin is dict:
        return f"for each {_words(inner[0], [])}: {_words(inner[1], [])}"
    if origin is tuple:
        many = "list" if inner[-1] is Ellipsis else f"list of {len(inner)}"
        return f"{many}: {_words(inner[0], [])}"
    raise TypeError(f"{annotation!r} has no words; add them to settings.words.")


def _limits(annotation: Any, marks: list[Any]) -> str:
    said = []
    for mark in marks:
        if isinstance(mark, MinLen) and annotation is not str:
            said.append("at least one")
        elif isinstance(mark, Ge):
            said.append(f"from {mark.ge}")
        elif isinstance(mark, Gt):
            said.append(f"above {mark.gt}")
        elif isinstance(mark, Le):
            said.append(f"to {mark.le}")
        elif isinstance(mark, Lt):
            said.append(f"below {mark.lt}")
    return "".join(f", {text}" if not text.startswith("to ") else f" {text}" for text in said)


def _yaml(value: Any) -> str:
    """A value as it is written in the file; text that YAML would take for a number stands in quotes."""
    plain = isinstance(value, str) and not value.replace(".", "").isdigit()
    return f"`{value}`" if plain else f"`{json.dumps(value)}`"


def _alternatives(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
