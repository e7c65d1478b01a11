"""Evaluates stacks in processes of their own, each with only the SDKs that its stacks import.

Importing a provider's SDK takes seconds and one core. So one worker imports Cloudflare's for the stacks
`shared` and `global`, another Kubernetes' for the regions, at the same time and while the configuration
is still being checked; each then evaluates its stacks one after the other.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from operations.plan.recorded import Evaluation, Recorded

PROGRAM = Path(__file__).parents[2] / "__main__.py"
"""The one program, whichever folder's configuration is planned."""

_EDGE = ("operations.plan.evaluate", "regions.shared", "regions.global_edge")
_CLUSTERS = ("operations.plan.evaluate", "regions.region")


class ProgramError(Exception):
    """The program of a stack refused to go on; the text is its own."""


@dataclass(frozen=True)
class Job:
    """One stack to evaluate: its configuration and the outputs of the stacks it may read."""

    root: Path
    project: str
    stack: str
    config: Mapping[str, str]
    secret_keys: frozenset[str]
    outputs: Mapping[str, Mapping[str, Any]]
    preview: bool = True


class Workers:
    """Two processes that are warm when the first job comes. Use it as a context manager."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._edge = ProcessPoolExecutor(1, mp_context=spawn)
        self._clusters = ProcessPoolExecutor(1, mp_context=spawn)

    def warm(self, *, regions: bool = True, edge: bool = True) -> None:
        """Begin to import, without waiting."""
        if edge:
            self._edge.submit(_preload, _EDGE)
        if regions:
            self._clusters.submit(_preload, _CLUSTERS)

    def submit(self, job: Job) -> Future[Evaluation]:
        """Evaluate a stack. The future raises ProgramError where the program refused."""
        pool = self._edge if job.stack in ("shared", "global") else self._clusters
        return pool.submit(run, job)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._edge, self._clusters):
            pool.shutdown(wait=False, cancel_futures=True)


def run(job: Job, provider: Callable[[Recorded], Mapping[str, Any]] | None = None) -> Evaluation:
    """Evaluate one stack in this process; `provider` answers in the place of the plan's stand-ins.

    Raises ProgramError.
    """
    import pulumi

    from operations.plan.answers import answer, applied
    from operations.plan.evaluate import Run, evaluate
    from regions.contract import secret_outputs

    def program() -> None:
        runpy.run_path(str(PROGRAM), run_name="__main__")

    os.chdir(job.root)
    try:
        evaluation = evaluate(
            program,
            Run(
                root=job.root,
                project=job.project,
                stack=job.stack,
                config=job.config,
                secret_keys=job.secret_keys,
                answer=provider or (answer if job.preview else applied),
                read_stack=lambda name: job.outputs.get(name, {}),
                preview=job.preview,
            ),
        )
    except pulumi.RunError as error:
        raise ProgramError(str(error)) from None
    return replace(evaluation, secret_outputs=secret_outputs(job.config["openova:kind"]))


def _preload(modules: tuple[str, ...]) -> None:
    sys.path.insert(0, str(Path.cwd()))
    for module in modules:
        importlib.import_module(module)
    # An SDK is some million objects that live as long as the process: no collection has to walk through them.
    gc.freeze()
