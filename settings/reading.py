"""From configuration values, as Pulumi hands them over, to typed settings and the problems of each value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from settings import secrets
from settings.platform import Platform
from settings.problems import Problem, not_a_setting, problems_of
from settings.project import PROJECT_FILE, PROJECT_NAME, StackFile, encode
from settings.stacks import STACK, StackSettings

NAMESPACE = PROJECT_NAME
_SHARED_KEYS = frozenset(f"{NAMESPACE}:{field.alias}" for field in Platform.model_fields.values())
_SECRETS = {secret.key: secret for secret in secrets.ALL}


def read_platform(values: Mapping[str, str]) -> tuple[Platform | None, list[Problem]]:
    """The shared facts. None where a value has the wrong form; unknown names do not hide the other problems."""
    given = {key.partition(":")[2]: _decoded(value) for key, value in values.items() if key in _SHARED_KEYS}
    try:
        return Platform.model_validate(given), []
    except ValidationError as error:
        problems = problems_of(error, PROJECT_FILE, [f"{NAMESPACE}:"])
    try:
        return Platform.model_validate(given, extra="ignore"), problems
    except ValidationError:
        return None, problems


def read_stack(stack: StackFile, shared: Mapping[str, Any]) -> tuple[StackSettings | None, list[Problem]]:
    """A stack's own settings, in the same way. What stands in Pulumi.yaml is not the stack's own."""
    problems = [
        secrets.in_the_open(secret, stack.name, stack.file)
        for secret in secrets.ALL
        if secret.key in stack.own - stack.secrets and not _inherited(secret.key, stack, shared)
    ]
    given = {
        key.partition(":")[2]: _decoded(value)
        for key, value in stack.values.items()
        if key.startswith(f"{NAMESPACE}:")
        and not (key in _SHARED_KEYS or key in _SECRETS)
        and (key in stack.own or key not in shared)
    }
    try:
        return STACK.validate_python(given), problems
    except ValidationError as error:
        found = problems_of(error, stack.file, [f"{NAMESPACE}:"])
        problems += [_without_tag(problem, str(given.get("kind"))) for problem in found]
    try:
        return STACK.validate_python(given, extra="ignore"), problems
    except ValidationError:
        return None, problems


def misplaced(shared: Mapping[str, Any]) -> list[Problem]:
    """Keys of Pulumi.yaml that are no shared facts: secrets in plain text, and names that are not known."""
    open_secrets = [
        secrets.in_the_open(secret, "<stack>", PROJECT_FILE) for key, secret in _SECRETS.items() if key in shared
    ]
    unknown = [
        not_a_setting(PROJECT_FILE, key)
        for key in shared
        if key.startswith(f"{NAMESPACE}:") and key not in _SHARED_KEYS and key not in _SECRETS
    ]
    return open_secrets + unknown


def overridden(stack: StackFile, shared: Mapping[str, Any]) -> list[Problem]:
    """Shared facts that the stack's own file repeats or changes."""
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
    return Problem(problem.file, key, problem.rule.replace(problem.key, key), problem.consequence, problem.fix)


def _inherited(key: str, stack: StackFile, shared: Mapping[str, Any]) -> bool:
    return key in shared and stack.values.get(key) == encode(shared[key])


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
