"""`openova doctor`: look before anything is changed, and again afterwards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from operations.doctor.examine import checks
from operations.doctor.here import local_checks
from operations.doctor.model import Report
from operations.doctor.show import show
from operations.doctor.targets import targets
from settings.loader import inspect_project
from settings.problems import Problem, SettingsError
from settings.project import read_project


def run_doctor(root: Path, after: bool = False, *, stack: str | None = None, identity: Path | None = None) -> Report:
    """Examine this machine and the nodes of the project in `root`, or of one region. Changes nothing.

    Raises SettingsError where the configuration is broken, or has no such region.
    """
    project = inspect_project(read_project(root)).project()
    if stack is not None and stack not in project.platform.codes:
        raise SettingsError([_no_region(stack, project.platform.codes)])
    nodes = [target for target in targets(project) if stack in (None, target.region)]
    return Report((*local_checks(), *checks(nodes, after=after, identity=identity)))


def report_of(root: Path, after: bool, stack: str | None, identity: Path | None, *, as_json: bool) -> bool:
    """Examine, print what was found, and tell whether nothing failed. Raises SettingsError as `run_doctor` does."""
    report = run_doctor(root.resolve(), after, stack=stack, identity=identity)
    if as_json:
        sys.stdout.write(json.dumps(report.document(), indent=2, ensure_ascii=False) + "\n")
    else:
        show(report)
    return not report.failed


def _no_region(stack: str, codes: tuple[str, ...]) -> Problem:
    return Problem(
        "(command line)",
        "--stack",
        f"There is no region {stack!r}; the regions are {', '.join(codes)}.",
        "No node would be examined, and nothing would look wrong.",
        "Name one of them, or leave --stack out.",
    )
