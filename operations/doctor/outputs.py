"""Addresses and host keys of ordered servers, from the outputs of their region's stack as the Pulumi CLI prints them.

The names are those of `regions.contract`, which is not imported here: it brings Pulumi's SDK in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from operations.doctor.model import Target
from operations.doctor.targets import no_region
from settings.formats import Address, HostKey, NodeName
from settings.platform import Platform
from settings.problems import Problem, SettingsError, problems_of

VERSION: Final = 1
VERSION_OUTPUT: Final = "contract"
ADDRESSES: Final = "addresses"
HOST_KEYS: Final = "hostKeys"

_OPTION: Final = "--outputs"
_FORMS: Final[Mapping[str, TypeAdapter[dict[str, str]]]] = {
    ADDRESSES: TypeAdapter(dict[NodeName, Address]),
    HOST_KEYS: TypeAdapter(dict[NodeName, HostKey]),
}


@dataclass(frozen=True)
class Found:
    """Addresses and host keys of a region's nodes, by their names."""

    addresses: Mapping[str, str]
    host_keys: Mapping[str, str]


def with_outputs(targets: Iterable[Target], found: Mapping[str, Found]) -> list[Target]:
    """The nodes, with what their settings leave open taken from the outputs of their region. The settings win."""
    nothing = Found({}, {})
    return [
        replace(
            target,
            address=target.address or found.get(target.region, nothing).addresses.get(target.name),
            host_key=target.host_key or found.get(target.region, nothing).host_keys.get(target.name),
        )
        for target in targets
    ]


def read_outputs(options: Sequence[str], platform: Platform) -> dict[str, Found]:
    """What the files of options such as `eu=outputs.json` tell, by region. Raises SettingsError with all problems."""
    found: dict[str, Found] = {}
    problems: list[Problem] = []
    for option in options:
        code, equals, file = option.partition("=")
        try:
            if not (equals and file):
                raise SettingsError([_not_an_assignment(option)])
            if code not in platform.site_codes:
                raise SettingsError([no_region(_OPTION, code, platform.site_codes)])
            if code in found:
                raise SettingsError([_twice(code)])
            found[code] = _read(Path(file), code, platform.site(code).nodes)
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return found


def _read(path: Path, code: str, nodes: Sequence[str]) -> Found:
    document = _document(path, code)
    values: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    for name, form in _FORMS.items():
        try:
            values[name] = form.validate_python(document.get(name, {}))
        except ValidationError as error:
            found = problems_of(error, path.name, (name,))
            problems += [_unusable(path, code, problem.rule, problem.key) for problem in found]
    if problems:
        raise SettingsError(problems)
    if not set(values[ADDRESSES]) & set(nodes):
        raise SettingsError([_unusable(path, code, f"{path} tells the address of none of the nodes of region {code}.")])
    return Found(values[ADDRESSES], values[HOST_KEYS])


def _document(path: Path, code: str) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        # What was read is not repeated: with --show-secrets it holds secrets.
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise SettingsError([_unusable(path, code, f"{path} cannot be read: {reason}.")]) from None
    version = document.get(VERSION_OUTPUT) if isinstance(document, dict) else None
    if version is None:
        raise SettingsError([_unusable(path, code, f"{path} holds no outputs of a stack that was brought up.")])
    if version != VERSION:
        rule = f"{path} is of another version of the contract between stacks than {VERSION}, which this program reads."
        raise SettingsError([_unusable(path, code, rule)])
    return dict(document)


def _unusable(path: Path, code: str, rule: str, key: str = _OPTION) -> Problem:
    return Problem(
        path.name,
        key,
        rule,
        "Ordered servers could not be examined, or others in their place.",
        f"Write it again, with this version of the program: pulumi stack output --json --stack {code} > {path}",
    )


def _not_an_assignment(option: str) -> Problem:
    return Problem(
        "(command line)",
        _OPTION,
        f"{option!r} does not say which region's outputs stand in which file.",
        "A file without its region could be taken for another region's.",
        "Write the region's code, an equals sign and the file: --outputs eu=outputs-eu.json",
    )


def _twice(code: str) -> Problem:
    return Problem(
        "(command line)",
        _OPTION,
        f"The outputs of region {code} are given twice.",
        "The two files may tell different addresses of one server.",
        "Give the newer one only.",
    )
