"""Runs a Pulumi program against the recording monitor, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, settings, stack

from operations.plan.monitor import Answer, ReadStack, RecordingMonitor
from operations.plan.recorded import Evaluation

Program = Callable[[], Awaitable[None] | None]


@dataclass(frozen=True)
class Run:
    """How to run: the folder of Pulumi.yaml, whose stack, with which configuration, and who answers for
    providers and other stacks."""

    root: Path
    project: str
    stack: str
    config: Mapping[str, str]
    secret_keys: frozenset[str]
    answer: Answer
    read_stack: ReadStack
    preview: bool = True


def evaluate(program: Program, run: Run) -> Evaluation:
    """Run the program to its end and give what it registered.

    Raises whatever the program raises, `pulumi.RunError` included.
    """
    monitor = RecordingMonitor(run.project, run.stack, run.answer, run.read_stack)
    messages = _Messages()
    logger = logging.Logger("openova.plan", level=logging.INFO)
    logger.addHandler(messages)
    with _runtime(run, monitor, logger):
        asyncio.run(stack.run_in_stack(program))
    return Evaluation(
        project=run.project,
        stack=run.stack,
        resources=tuple(monitor.recorded[urn] for urn in sorted(monitor.recorded)),
        outputs=monitor.stack_outputs,
        registered_outputs=monitor.registered_outputs,
        messages=tuple(messages.lines),
    )


@contextlib.contextmanager
def _runtime(run: Run, monitor: RecordingMonitor, logger: logging.Logger) -> Iterator[None]:
    asyncio_logger = logging.getLogger("asyncio")
    level = asyncio_logger.level
    asyncio_logger.setLevel(logging.CRITICAL)
    runtime_config.set_all_config(dict(run.config), sorted(run.secret_keys))
    settings.configure(
        mocks.MockSettings(  # type: ignore[no-untyped-call]
            monitor=monitor,
            monitor_features=set(monitor.features()),
            engine=mocks.MockEngine(logger),
            project=run.project,
            stack=run.stack,
            dry_run=run.preview,
            organization="organization",
            root_directory=str(run.root),
        )
    )
    settings.SETTINGS.outputs = set()
    settings.set_root_resource(None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        asyncio_logger.setLevel(level)
        settings.set_root_resource(None)  # type: ignore[arg-type]


class _Messages(logging.Handler):
    """Keeps log lines in order, once each: Pulumi repeats a line for every resource it concerns."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = (record.levelname.lower(), record.getMessage())
        if line not in self.lines:
            self.lines.append(line)
