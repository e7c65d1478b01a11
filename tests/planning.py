"""Whole projects, evaluated in the test's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operations.plan.check import checked
from operations.plan.project import Planned, job_for
from operations.plan.worker import run
from settings.naming import stack_order
from settings.project import read_project

ROOT = Path(__file__).parents[1]


def planned(root: Path = ROOT) -> Planned:
    """Every stack of the project in `root`, in order, each with the outputs of those before it."""
    files = read_project(root)
    project = checked(files)
    evaluations = {}
    outputs: dict[str, Mapping[str, Any]] = {}
    for name in stack_order(project.platform):
        evaluations[name] = run(job_for(files, project, name, outputs))
        outputs[name] = evaluations[name].outputs
    return Planned(files, project, evaluations)
