"""Carries one command out over the stacks of a project."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

from pulumi.automation import CommandError

from operations.stacks.board import Board
from operations.stacks.engine import Command, Engine, Run, last_lines, name_of
from operations.stacks.graph import Past, Waits, only, together, waits, waits_to_destroy
from operations.stacks.result import Result, StackResult
from operations.stacks.rounds import Read
from operations.stacks.schedule import Outcome, Schedule
from settings.naming import GLOBAL_STACK, SHARED_STACK
from settings.platform import Platform
from settings.stated import Addresses

ROUNDS: Final = 3
"""Addresses come from servers and settings, not from each other: the second round is the last that changes any."""


@dataclass(frozen=True, kw_only=True)
class How:
    """`at_once` is how many stacks run at a time; `policies` are judged before anything is made."""

    at_once: int = 4
    exclude_protected: bool = False
    policies: bool = True


class Carrier:
    """One command. `results` are of the stacks that were chosen; `stated` are the addresses that stand in the files of
    sites."""

    def __init__(
        self,
        command: Command,
        engine: Engine,
        platform: Platform,
        stated: Mapping[str, Addresses],
        results: Mapping[str, StackResult],
        board: Board,
        how: How,
    ) -> None:
        self._command, self._engine, self._platform = command, engine, platform
        self._stated = stated
        self._results, self._board = results, board
        self._how = how
        self._schedule: Schedule | None = None
        self._graph: Waits = {}
        self._outputs: dict[str, dict[str, Any]] = {}

    def run(self) -> Result:
        """Carry it out. SIGINT and SIGTERM let what runs come to an end, and begin nothing new."""
        with self._board.showing(), _signals(self._interrupt):
            if self._command == "up":
                return self._up()
            names = [*self._results]
            whole = together(names) if self._command == "preview" else waits_to_destroy(self._platform)
            self._round(only(whole, names), Read(self._platform, {}, {}))
            return Result(self._command, tuple(self._results.values()))

    def _up(self) -> Result:
        sites = self._platform.site_codes
        with ThreadPoolExecutor(self._how.at_once) as pool:
            before = dict(zip(sites, pool.map(self._engine.outputs, sites), strict=True))
        read = Read(self._platform, before, self._stated)
        self._round(only(self._waits(before), [*self._results]), read)
        for _ in range(ROUNDS - 1):
            again = read.outdated(name for name, result in self._results.items() if result.outcome == "done")
            if not again or (self._schedule is not None and self._schedule.interrupted):
                break
            self._board.note(f"Once more, because addresses have changed that they read: {', '.join(again)}")
            self._round(only(self._waits(before | self._outputs), again), read)
        there = [code for code, outputs in before.items() if past_of({code: outputs})]
        others = read.others(self._results, [*there, GLOBAL_STACK] if len(there) == len(sites) else there)
        steps = [
            f"openova up {' '.join(f'--stack {name}' for name in others)}   (it reads addresses that have changed)"
        ]
        return Result(self._command, tuple(self._results.values()), tuple(steps) if others else ())

    def _waits(self, outputs: Mapping[str, Mapping[str, Any]]) -> Waits:
        return waits(self._platform, past_of(outputs), self._stated)

    def _round(self, graph: Waits, read: Read) -> None:
        self._graph = graph
        self._board.waits(graph)
        self._schedule = Schedule(graph, lambda name: self._work(name, read), self._end, self._how.at_once, self._cut)
        self._schedule.run()

    def _work(self, name: str, read: Read) -> bool:
        result, begun = self._results[name], time.monotonic()
        self._board.begins(name)
        read.begins(name)
        try:
            with _log(Path(result.log), self._command) as log:
                run = self._refused(name) or self._engine.carry_out(
                    self._command, name, log, lambda text: self._board.step(name, text),
                    exclude_protected=self._how.exclude_protected, policies=self._how.policies,
                )  # fmt: skip
            if run.ok and self._command == "up":
                self._outputs[name] = self._engine.outputs(name)
                read.ends(name, self._outputs[name])
            if self._command == "destroy":
                result.kept = [name_of(item["urn"]) for item in self._engine.resources(name)]
        except (CommandError, OSError) as error:
            run = Run(errors=[last_lines(error) if isinstance(error, CommandError) else str(error)])
        result.add(run, time.monotonic() - begun)
        return run.ok

    def _refused(self, name: str) -> Run | None:
        """Keys and buckets stay as long as a site holds anything that lives by them."""
        if self._command != "destroy" or name != SHARED_STACK:
            return None
        left = {code: len(self._engine.resources(code)) for code in self._platform.site_codes}
        held = ", ".join(f"{code} holds {count} resources" for code, count in left.items() if count)
        if not held:
            return None
        text = (
            f"{held}, which need the keys, passwords and buckets of {SHARED_STACK}. Without them no database could be "
            f"opened again. Nothing of {SHARED_STACK} was destroyed. Next step: destroy those stacks first."
        )
        return Run(
            ok=self._how.exclude_protected, errors=[] if self._how.exclude_protected else [text], warnings=[text]
        )

    def _end(self, name: str, outcome: Outcome) -> None:
        result = self._results[name]
        result.outcome = outcome
        result.stopped_by = [
            wait.stack
            for wait in self._graph[name]
            if outcome == "stopped" and wait.needed and self._of(wait.stack) not in (None, "done")
        ]
        if outcome == "stopped":
            # What it said when it was cut short is in its log; what matters is why.
            result.errors = []
        self._board.ends(name, outcome)

    def _cut(self, name: str) -> bool:
        return bool(self._engine.interrupt(name))

    def _of(self, name: str) -> Outcome | None:
        return self._results[name].outcome if name in self._results else None

    def _interrupt(self) -> None:
        if self._schedule is not None:
            self._schedule.interrupt()
        count = self._engine.interrupt()
        self._board.note(
            f"Interrupted: {count} running come to their end and give their locks back. Again ends them now."
        )


def past_of(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Past]:
    """What the sites that were brought up have carried out, from their outputs."""
    found = {}
    for code, values in outputs.items():
        if "contract" in values:
            record = values.get("authority") or {}
            found[code] = Past(int(record.get("epoch", 0)), int(record.get("generation", 0)))
    return found


@contextmanager
def _log(path: Path, command: Command) -> Iterator[Callable[[str], None]]:
    """Lines go to the end of the file, which only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    with path.open("a", encoding="utf-8") as file:

        def line(text: str) -> None:
            file.write(text + "\n")
            file.flush()

        line(f"=== {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, {command}")
        yield line


@contextmanager
def _signals(interrupt: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `interrupt` while the block runs."""

    def handle(_: int, __: FrameType | None) -> None:
        # Not here: what it needs a lock for may be held by the very code that was cut short.
        threading.Thread(target=interrupt).start()

    kept = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
