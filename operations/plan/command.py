"""`openova plan`: check, evaluate, compare, write."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.plan.compare import Comparison, IncomparableError, compare
from operations.plan.worker import Workers
from settings.problems import Problem, SettingsError
from settings.project import read_project


@dataclass(frozen=True)
class Result:
    """A plan: its document, its report as a page, the manifests by region and file name, and what changed since
    an earlier one."""

    document: Mapping[str, Any]
    report: str
    manifests: Mapping[str, Mapping[str, str]]
    comparison: Comparison | None

    def shown(self, stack: str | None) -> Mapping[str, Any]:
        """The document with one stack only, and with the comparison where there is one."""
        shown = dict(self.document)
        if stack is not None:
            shown["stacks"] = [item for item in shown["stacks"] if item["name"] == stack]
        if self.comparison is not None:
            shown["comparison"] = self.comparison.document()
        return shown

    def refuse(self) -> None:
        """Raise SettingsError with everything that a policy does not let pass, dangerous changes among it."""
        from operations.policy.refusals import refusals

        if problems := refusals(self.document, self.comparison):
            raise SettingsError(problems)

    def write(self, folder: Path) -> None:
        """Write plan.json, report.html and manifests/<region>/*.yaml; manifests of an earlier plan go.

        Raises SettingsError where the folder cannot be written to.
        """
        try:
            self._write(folder)
        except OSError as error:
            raise SettingsError([_not_writable(error.filename or folder, error.strerror or str(error))]) from None

    def _write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.document, indent=2, ensure_ascii=False) + "\n"
        (folder / "plan.json").write_text(text, encoding="utf-8")
        (folder / "report.html").write_text(self.report, encoding="utf-8")
        shutil.rmtree(folder / "manifests", ignore_errors=True)
        for region, files in self.manifests.items():
            (folder / "manifests" / region).mkdir(parents=True)
            for name, content in files.items():
                (folder / "manifests" / region / name).write_text(content, encoding="utf-8")


def run_plan(root: Path, against: Path | None = None, stack: str | None = None) -> Result:
    """Evaluate the project in `root`. Raises SettingsError with every problem of its configuration.

    `stack` is the one that will be shown: a name that no stack has is refused before any is evaluated.
    """
    with Workers() as workers:
        workers.warm()
        try:
            return _planned(root, against, stack, workers)
        except SettingsError:
            for process in multiprocessing.active_children():
                process.terminate()  # they may be in the middle of an import that takes seconds
            raise


def _planned(root: Path, against: Path | None, stack: str | None, workers: Workers) -> Result:
    # Imported while the workers import what takes longer.
    from operations.plan.check import checked
    from operations.plan.document import document
    from operations.plan.manifests import manifests
    from operations.plan.project import evaluate_project
    from operations.report import render
    from settings.naming import stack_order

    earlier = _earlier(against) if against is not None else None
    files = read_project(root)
    project = checked(files)
    names = stack_order(project.platform)
    if stack is not None and stack not in names:
        raise SettingsError([_no_stack(stack, names)])
    planned = evaluate_project(files, project, workers)
    result = document(planned)
    return Result(
        document=result,
        report=render(result),
        manifests={code: manifests(planned.evaluations[code]) for code in planned.project.platform.codes},
        comparison=_compared(earlier, result, against),
    )


def _earlier(path: Path) -> Mapping[str, Any]:
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is not JSON ({error})"
        raise SettingsError([_not_comparable(path, f"{path} cannot be read: {reason}.")]) from None
    if not isinstance(earlier, dict):
        raise SettingsError([_not_comparable(path, f"{path} is not a plan.")])
    return earlier


def _compared(earlier: Mapping[str, Any] | None, after: Mapping[str, Any], path: Path | None) -> Comparison | None:
    if earlier is None or path is None:
        return None
    try:
        return compare(earlier, after)
    except IncomparableError as error:
        raise SettingsError([_not_comparable(path, str(error))]) from None


def _no_stack(stack: str, names: Sequence[str]) -> Problem:
    return Problem(
        "(command line)",
        "--stack",
        f"There is no stack {stack!r}; the stacks are {', '.join(names)}.",
        "Nothing would be shown.",
        "Name one of them, or leave --stack out.",
    )


def _not_writable(path: object, reason: str) -> Problem:
    return Problem(
        "(command line)",
        "--out",
        f"{path} cannot be written: {reason}.",
        "The plan would be lost, and an older one could be taken for it.",
        "Name a folder that is yours to write to, or one that is not there yet.",
    )


def _not_comparable(path: Path, rule: str) -> Problem:
    return Problem(
        path.name,
        "--against",
        rule,
        "A review would be told that nothing changed.",
        "Give the plan.json of an earlier openova plan (build/plan/plan.json).",
    )
