"""Everything that is wrong with a project, at once: its settings, the edge's entitlements and the budget."""

from __future__ import annotations

from operations.plan import costing
from regions.traffic import edge_problems
from settings.loader import Project, inspect_project
from settings.problems import Problem
from settings.project import ProjectFiles


def checked(files: ProjectFiles) -> Project:
    """The project's settings. Raises SettingsError with all problems."""
    inspection = inspect_project(files)
    platform = inspection.platform
    more: list[Problem] = []
    if platform is not None:
        more += edge_problems(platform)
        complete = all(code in inspection.stacks for code in platform.codes)
        if complete and platform.authority.primary in platform.codes:
            more += costing.problems(Project(platform, inspection.stacks, inspection.unset_secrets))
    return inspection.project(more)
