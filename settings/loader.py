"""The one place where configuration becomes settings.

`load` is what the program calls, with the configuration that the engine handed it; `inspect_project`
is what a plan calls, with every file at once. Both give all problems together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from settings import secrets
from settings.checks import authority as check_authority
from settings.checks import edge as check_edge
from settings.checks import regions as check_regions
from settings.checks import stack as check_stack
from settings.platform import Platform
from settings.problems import Problem, SettingsError, problems_of
from settings.project import PROJECT_FILE, ProjectFiles, StackFile, encode
from settings.stacks import STACK, StackSettings

NAMESPACE = "openova"
_SHARED_KEYS = frozenset(f"{NAMESPACE}:{field.alias}" for field in Platform.model_fields.values())
_SECRET_KEYS = frozenset(secret.key for secret in secrets.ALL)


@dataclass(frozen=True)
class Loaded:
    """The settings of one stack, checked."""

    platform: Platform
    stack: StackSettings
    name: str


@dataclass(frozen=True)
class Project:
    """The settings of all stacks, checked, with the secrets that are still to be set, by stack."""

    platform: Platform
    stacks: Mapping[str, StackSettings]
    unset_secrets: Mapping[str, tuple[secrets.SecretKey, ...]]


def load(stack: StackFile, shared: Mapping[str, Any]) -> Loaded:
    """The settings of one stack from its merged configuration; `shared` are the facts of Pulumi.yaml.

    Raises SettingsError with every problem of the shared facts and of this stack, missing secrets included.
    """
    platform, problems = _platform(stack.values, PROJECT_FILE)
    problems += _overridden(stack, shared)
    settings, stack_problems = _stack(stack)
    problems += stack_problems
    if platform is not None:
        problems += _platform_problems(platform)
    if platform is not None and settings is not None:
        problems += check_stack.check(platform, settings, stack.name, stack.file)
        problems += _missing(_absent(platform, settings, stack), stack)
    if problems or platform is None or settings is None:
        raise SettingsError(problems)
    return Loaded(platform, settings, stack.name)


@dataclass(frozen=True)
class Inspection:
    """What could be read of a project, and everything that is wrong with it."""

    platform: Platform | None
    stacks: Mapping[str, StackSettings]
    unset_secrets: Mapping[str, tuple[secrets.SecretKey, ...]]
    problems: tuple[Problem, ...]

    def project(self, more: Iterable[Problem] = ()) -> Project:
        """The settings. Raises SettingsError where there is any problem, or one in `more`."""
        problems = (*self.problems, *more)
        if problems or self.platform is None:
            raise SettingsError(problems)
        return Project(self.platform, self.stacks, self.unset_secrets)


def inspect_project(files: ProjectFiles) -> Inspection:
    """Read the settings of every stack of a project, and gather all problems.

    A stack file that `pulumi stack init` has not touched yet is still a template: its missing secrets are
    given in `unset_secrets`. In an initialised one they are problems.
    """
    platform, problems = _platform({key: encode(value) for key, value in files.shared.items()}, PROJECT_FILE)
    if platform is not None:
        problems += _platform_problems(platform)
    stacks: dict[str, StackSettings] = {}
    unset: dict[str, tuple[secrets.SecretKey, ...]] = {}
    for name, stack in files.stacks.items():
        settings, found = _stack(stack)
        problems += [*_overridden(stack, files.shared), *found]
        if settings is None:
            continue
        stacks[name] = settings
        if platform is not None:
            problems += check_stack.check(platform, settings, name, stack.file)
            unset[name] = _absent(platform, settings, stack)
            problems += _missing(unset[name], stack)
    if platform is not None:
        problems += check_stack.check_all(stacks, {name: file.file for name, file in files.stacks.items()}, platform)
    return Inspection(platform, stacks, {name: absent for name, absent in unset.items() if absent}, tuple(problems))


def _absent(platform: Platform, settings: StackSettings, stack: StackFile) -> tuple[secrets.SecretKey, ...]:
    return tuple(secret for secret in secrets.required(platform, settings) if secret.key not in stack.secrets)


def _missing(absent: Iterable[secrets.SecretKey], stack: StackFile) -> list[Problem]:
    """Problems of absent secrets; one in plain text is a problem of its own."""
    if not stack.initialised:
        return []
    return [secrets.missing(secret, stack.name, stack.file) for secret in absent if secret.key not in stack.own]


def _platform(values: Mapping[str, str], file: str) -> tuple[Platform | None, list[Problem]]:
    given = {key.partition(":")[2]: _decoded(value) for key, value in values.items() if key in _SHARED_KEYS}
    try:
        return Platform.model_validate(given), []
    except ValidationError as error:
        return None, problems_of(error, file, [f"{NAMESPACE}:"])


def _platform_problems(platform: Platform) -> list[Problem]:
    return [
        *check_regions.check(platform),
        *check_authority.check(platform),
        *check_edge.check(platform),
    ]


def _stack(stack: StackFile) -> tuple[StackSettings | None, list[Problem]]:
    problems = [
        secrets.in_the_open(secret, stack.name, stack.file)
        for secret in secrets.ALL
        if secret.key in stack.own and secret.key not in stack.secrets
    ]
    given = {
        key.partition(":")[2]: _decoded(value)
        for key, value in stack.values.items()
        if key.startswith(f"{NAMESPACE}:") and key not in _SHARED_KEYS and key not in _SECRET_KEYS
    }
    try:
        return STACK.validate_python(given), problems
    except ValidationError as error:
        found = problems_of(error, stack.file, [f"{NAMESPACE}:"])
        return None, problems + [_without_tag(problem, str(given.get("kind"))) for problem in found]


def _without_tag(problem: Problem, kind: str) -> Problem:
    """Pydantic puts the kind of a tagged union into the path; the file has no such level."""
    key = problem.key.replace(f"{NAMESPACE}:{kind}.", f"{NAMESPACE}:", 1)
    if key in (f"{NAMESPACE}:", ""):
        return Problem(
            problem.file,
            f"{NAMESPACE}:kind",
            "Every stack says its kind: shared, region or global.",
            "The program could not know what to bring up.",
            "Write `openova:kind: region` (or shared, or global).",
        )
    return Problem(problem.file, key, problem.rule, problem.consequence, problem.fix)


def _overridden(stack: StackFile, shared: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem(
            stack.file,
            key,
            f"{key} is a fact that all stacks share; it stands in {PROJECT_FILE} and nowhere else.",
            "This stack would follow another truth than the others: two regions could both believe that they write.",
            f"Remove it here; to change it, change it in {PROJECT_FILE} for all.",
        )
        for key in sorted(_SHARED_KEYS)
        if key in stack.own or (key in stack.values and _differs(stack.values[key], shared.get(key)))
    ]


def _differs(value: str, shared: Any) -> bool:
    return shared is None or _normal(_decoded(value)) != _normal(_decoded(encode(shared)))


def _normal(value: Any) -> str:
    """The same text for the same value, however it came here: Pulumi writes 21.0 as 21."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _decoded(value: str) -> Any:
    """Pulumi hands structures, numbers and booleans over as JSON, and text as it is."""
    if value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value
