"""Everything that is wrong with a project, at once: its settings, the edge's entitlements and the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from operations.plan import costing
from regions.traffic import edge_problems
from settings.loader import Project, inspect_project
from settings.platform import Platform, SiteLine
from settings.problems import Problem
from settings.project import ProjectFiles

Line = TypeVar("Line", bound=SiteLine)


def checked(files: ProjectFiles) -> Project:
    """The project's settings. Raises SettingsError with all problems."""
    inspection = inspect_project(files)
    platform = inspection.platform
    more: list[Problem] = []
    if platform is not None:
        sound = _without_told_mistakes(platform)
        more += edge_problems(sound)
        if all(code in inspection.stacks for code in platform.site_codes):
            more += costing.problems(Project(sound, inspection.stacks, inspection.unset_secrets))
    return inspection.project(more)


def _without_told_mistakes(platform: Platform) -> Platform:
    """The platform with a primary that exists, a region in traffic, and every region and node once.

    The settings' own checks have told what is wrong there; here it must neither be told again nor hide the rest.
    """
    authority, edge = platform.authority, platform.edge
    if authority.primary not in platform.codes:
        authority = authority.model_copy(update={"primary": platform.codes[0]})
    if set(edge.drained) >= set(platform.codes):
        edge = edge.model_copy(update={"drained": ()})
    return platform.model_copy(
        update={
            "authority": authority,
            "edge": edge,
            "regions": _once(platform.regions),
            "witnesses": _once(platform.witnesses),
        }
    )


def _once(lines: Sequence[Line]) -> tuple[Line, ...]:
    once = {line.code: line.model_copy(update={"nodes": tuple(dict.fromkeys(line.nodes))}) for line in lines}
    return tuple(once.values())
