"""How the stacks go on, on the screen: a table that moves in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from operations.stacks.engine import Command
from operations.stacks.graph import Waits
from operations.stacks.result import Result, StackResult
from operations.stacks.schedule import Outcome

STYLES: Final[Mapping[str, str]] = {
    "done": "green",
    "failed": "bold red",
    "stopped": "yellow",
    "interrupted": "yellow",
    "running": "cyan",
    "waiting": "dim",
}


class Board:
    """Told by several threads. `results` are shared with who carries out."""

    def __init__(self, command: Command, results: Mapping[str, StackResult], console: Console) -> None:
        self._command, self._results, self._console = command, results, console
        self._width = max(map(len, results), default=0)
        self._state = dict.fromkeys(results, "waiting")
        self._text = dict.fromkeys(results, "")
        self._steps = dict.fromkeys(results, 0)
        self._since: dict[str, float] = {}
        self._lock = Lock()

    @contextmanager
    def showing(self) -> Iterator[None]:
        """The table moves while the block runs; without a terminal there is none."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=self._table, console=self._console, refresh_per_second=4, transient=True):
            yield

    def waits(self, graph: Waits) -> None:
        """A round begins along this graph."""
        for name, before in graph.items():
            text = "; ".join(f"{wait.stack}{' at its end' if wait.at_end else ''} ({wait.why})" for wait in before)
            self._set(name, "waiting", f"for {text}" if text else "", line=f"waits for {text}" if text else "")

    def begins(self, name: str) -> None:
        """A stack is being carried out."""
        self._since[name] = time.monotonic()
        self._set(name, "running", "", line=f"{self._command} begins")

    def step(self, name: str, text: str) -> None:
        """Something was done to one resource."""
        self._steps[name] += 1
        self._set(name, "running", text, line=text)

    def ends(self, name: str, outcome: Outcome) -> None:
        """A stack has come to its end."""
        text = self._last(self._results[name], outcome)
        self._set(name, outcome, text, line=f"{outcome}: {text}" if text else outcome)

    def note(self, text: str) -> None:
        """Something that concerns more than one stack."""
        self._console.print(escape(text))

    def _last(self, result: StackResult, outcome: Outcome) -> str:
        if outcome == "done":
            kept = f", {len(result.kept)} kept" if result.kept else ""
            return f"{result.said(self._command)}{kept} ({result.seconds:.0f} s)"
        if outcome == "stopped":
            return _stopped(result, self._command)
        return f"see {result.log}" if outcome == "failed" else ""

    def _set(self, name: str, state: str, text: str, *, line: str) -> None:
        with self._lock:
            self._state[name], self._text[name] = state, text
        if line and not self._console.is_terminal:
            self._console.print(escape(f"{name:{self._width}}  {line}"))

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        with self._lock:
            for name, state in self._state.items():
                since = self._since.get(name)
                running = since is not None and state == "running"
                clock = f"{time.monotonic() - since:.0f} s" if running and since is not None else ""
                steps = str(self._steps[name] or "")
                table.add_row(name, f"[{STYLES[state]}]{state}[/]", clock, steps, escape(self._text[name]))
        return table


def show(result: Result, console: Console) -> None:
    """What came of it: every stack in a line, what failed in full, and what is to be done next."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for stack in result.stacks:
        text = _stopped(stack, result.command) if stack.outcome == "stopped" else stack.said(result.command)
        rounds = f"in {stack.rounds} rounds" if stack.rounds > 1 else ""
        style = STYLES[stack.outcome or "waiting"]
        table.add_row(stack.name, f"[{style}]{stack.outcome}[/]", text, f"{stack.seconds:.0f} s", rounds)
    console.print(table)
    for stack in result.stacks:
        for word, style, texts in (("warning", "yellow", stack.warnings), ("failed", "bold red", stack.errors)):
            for text in texts:
                first, *more = text.splitlines()
                console.print(f"[{style}]{stack.name} {word}[/] {escape(first)}")
                console.print("".join(f"  {escape(line)}\n" for line in more), end="")
        if stack.errors:
            console.print(f"  Everything that was said: {escape(stack.log)}")
        if stack.kept:
            console.print(f"[yellow]{stack.name}[/] keeps {len(stack.kept)}: {escape(', '.join(stack.kept))}")
    for step in result.next_steps:
        console.print(f"Next step: {escape(step)}")


def _stopped(stack: StackResult, command: Command) -> str:
    said = stack.said(command)
    return f"{f'{said}; ' if said else ''}needs {', '.join(stack.stopped_by)}"
