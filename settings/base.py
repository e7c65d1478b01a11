"""The base of every settings model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def camel(name: str) -> str:
    """`cloneFrom` of `clone_from`: how settings and stack outputs are spelt."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class Settings(BaseModel):
    """Frozen, complete and strict about names: what is not a setting is refused, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=camel, hide_input_in_errors=True)
