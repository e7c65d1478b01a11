"""What an evaluated input may be besides JSON: a secret, or a value that only the real run will know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

SECRET_TEXT: Final = "[secret]"  # noqa: S105 what is shown in place of one
UNKNOWN_TEXT: Final = "[known after up]"
SECRET_KEY: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 a mark
"""The key by which Pulumi's wire format marks an object as something else (pulumi.runtime.rpc)."""
PLANNED: Final = "planned-by-openova-"
"""How every text begins that stands in a plan for one that only a real run has; fit to stand in a URL."""


@dataclass(frozen=True)
class Secret:
    """A value that Pulumi marked secret. It prints as `[secret]`, whatever is inside."""

    value: Any

    def __repr__(self) -> str:
        return SECRET_TEXT


@dataclass(frozen=True)
class Unknown:
    """A value that no plan can know: an id, an address, the output of a command."""

    def __repr__(self) -> str:
        return UNKNOWN_TEXT


UNKNOWN: Final = Unknown()

Value: TypeAlias = "bool | float | int | str | Secret | Unknown | list[Value] | dict[str, Value] | None"


def redact(value: Any) -> Any:
    """The value with every secret as `[secret]` and every unknown as `[known after up]`: fit to be shown."""
    if isinstance(value, Secret):
        return SECRET_TEXT
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    if isinstance(value, Mapping):
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    return value


def reveal(value: Any) -> Any:
    """The value with the marks of secrets taken off, for tests that look inside. Never print it."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, Mapping):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value
