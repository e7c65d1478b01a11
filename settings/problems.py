"""What is wrong with a configuration, said so that it can be mended: rule, consequence, fix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError


@dataclass(frozen=True, order=True)
class Problem:
    """One broken rule: where it stands (`file`, `key`), what follows from it, and how to mend it."""

    file: str
    key: str
    rule: str
    consequence: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}\n  Rule: {self.rule}\n  Otherwise: {self.consequence}\n  Fix: {self.fix}"


class SettingsError(Exception):
    """All problems of a configuration at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        head = f"{count} problem{'' if count == 1 else 's'} in the configuration; nothing was changed."
        super().__init__("\n\n".join([head, *map(str, self.problems)]))


def broken(rule: str, consequence: str, fix: str) -> PydanticCustomError:
    """The error that a validator raises: pydantic adds the key, `problems_of` the file."""
    context = {"rule": rule, "consequence": consequence, "fix": fix}
    return PydanticCustomError("broken_rule", "{rule}", context)


def problems_of(error: ValidationError, file: str, prefix: Sequence[str] = ()) -> list[Problem]:
    """Pydantic's errors as problems of `file`; `prefix` stands before each key.

    A list whose items were refused also counts as too short: that is said once, of the item.
    """
    errors = error.errors()
    return [_problem(details, file, prefix) for details in errors if not _follows_from_another(details, errors)]


def not_a_setting(file: str, key: str) -> Problem:
    """The problem of a name that means nothing here."""
    last = key.rpartition(":")[2].rpartition(".")[2]
    return Problem(
        file,
        key,
        f"{last!r} is not a setting here.",
        "A misspelt setting would be ignored, and its default used without a word.",
        "Correct the name, or remove the line. docs/settings.md lists every setting.",
    )


def key_path(location: Sequence[object], prefix: Sequence[str] = ()) -> str:
    """`openova:regions[1].networks.pods`, as it stands in the file."""
    path = ""
    for part in [*prefix, *location]:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path and not path.endswith(":") else str(part)
    return path


def _follows_from_another(details: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    depth = len(details["loc"])
    return details["type"] == "too_short" and any(
        len(other["loc"]) > depth and other["loc"][:depth] == details["loc"] for other in errors
    )


def _problem(details: ErrorDetails, file: str, prefix: Sequence[str]) -> Problem:
    location = [part for part in details["loc"] if part != "[key]" and not str(part).startswith("function-")]
    key = key_path(location, prefix)
    if details["type"] == "extra_forbidden":
        return not_a_setting(file, key)
    rule, consequence, fix = _said(details, key)
    return Problem(file=file, key=key, rule=rule, consequence=consequence, fix=fix)


def _said(details: ErrorDetails, key: str) -> tuple[str, str, str]:
    context: dict[str, Any] = details.get("ctx", {})
    if details["type"] == "broken_rule":
        return context["rule"], context["consequence"], context["fix"]
    last = key.rpartition(":")[2].rpartition(".")[2]
    if details["type"] == "missing":
        return (
            f"{last!r} is required.",
            "The program has no safe default for it.",
            "Add it. docs/settings.md tells what it is.",
        )
    value = details["input"]
    given = repr(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and (details["type"] == "string_type" or f"'{given}'" in details["msg"]):
        return (
            f"{last!r} is text, and {given} was read as a number.",
            "As a number 7.0 and 7 are the same, and leading zeros are lost.",
            f'Write it in quotes: "{given}" where that is what you mean.',
        )
    return (
        f"{details['msg']} (given: {given if len(given) < 80 else given[:77] + '...'}).",
        "The program cannot tell what is meant.",
        "Correct the value. docs/settings.md tells its form.",
    )
