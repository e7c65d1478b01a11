"""The one place where configuration becomes settings.

`load` is what the program calls, with the configuration that the engine handed it; `inspect_project`
is what a plan calls, with every file at once. Both give all problems together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settings import secrets
from settings.checks import authority as check_authority
from settings.checks import edge as check_edge
from settings.checks import guard as check_guard
from settings.checks import regions as check_regions
from settings.checks import stack as check_stack
from settings.platform import Platform
from settings.problems import Problem, SettingsError
from settings.project import ProjectFiles, StackFile, encode, read_project
from settings.reading import misplaced, overridden, read_platform, read_stack
from settings.stacks import StackSettings


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
    platform, problems = read_platform(stack.values)
    problems += [*misplaced(shared), *overridden(stack, shared)]
    settings, stack_problems = read_stack(stack, shared)
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

    Rules between settings are checked where the values themselves have their forms: the shared facts' once
    Pulumi.yaml can be read, a stack's once its file can be read too.
    A stack file that `pulumi stack init` has not touched yet is still a template: its missing secrets are
    given in `unset_secrets`. In an initialised one they are problems.
    """
    platform, problems = read_platform({key: encode(value) for key, value in files.shared.items()})
    problems += misplaced(files.shared)
    if platform is not None:
        problems += _platform_problems(platform)
    stacks: dict[str, StackSettings] = {}
    unset: dict[str, tuple[secrets.SecretKey, ...]] = {}
    for name, stack in files.stacks.items():
        settings, found = read_stack(stack, files.shared)
        problems += [*overridden(stack, files.shared), *found]
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


def load_project(root: Path) -> Project:
    """The settings of the project in `root`. Raises SettingsError with every problem."""
    return inspect_project(read_project(root)).project()


def _absent(platform: Platform, settings: StackSettings, stack: StackFile) -> tuple[secrets.SecretKey, ...]:
    return tuple(secret for secret in secrets.required(platform, settings) if secret.key not in stack.secrets)


def _missing(absent: Iterable[secrets.SecretKey], stack: StackFile) -> list[Problem]:
    """Problems of absent secrets; one in plain text is a problem of its own."""
    if not stack.initialised:
        return []
    return [secrets.missing(secret, stack.name, stack.file) for secret in absent if secret.key not in stack.values]


def _platform_problems(platform: Platform) -> list[Problem]:
    return [
        *check_regions.check(platform),
        *check_authority.check(platform),
        *check_edge.check(platform),
        *check_guard.check(platform),
    ]
