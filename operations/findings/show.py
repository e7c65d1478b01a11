"""A report of checks on the screen."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.findings.model import SERIOUS, Report, Status, by_place
from operations.options import print_json

STYLES: Final[dict[Status, str]] = {"ok": "green", "warn": "yellow", "fail": "bold red", "unknown": "cyan"}


def tell(report: Report, *, as_json: bool) -> None:
    """The report as JSON and nothing else, or on the screen."""
    if as_json:
        print_json(report.document())
    else:
        show(report)


def show(report: Report, console: Console | None = None) -> None:
    """Print every check, then what to do about those that are not well, the worst first."""
    console = console or Console(highlight=False, soft_wrap=True, emoji=False)
    for place, checks in by_place(report.checks).items():
        table = Table(
            title=escape(place), title_justify="left", title_style="bold", box=None, pad_edge=False,
            padding=(0, 2, 0, 0), show_header=False,
        )  # fmt: skip
        for check in checks:
            style = STYLES[check.status]
            table.add_row(f"[{style}]{check.status}[/]", check.name, escape(check.seen))
        console.print(table)
    for status in SERIOUS[:-1]:
        for (name, rule, consequence, fix), seen in _alike(report, status).items():
            console.print(f"[{STYLES[status]}]{status}[/] {name}")
            for text in seen:
                console.print(f"  {escape(text)}")
            for word, text in (("Rule:", rule), ("Otherwise:", consequence), ("Fix:", fix)):
                if text:
                    console.print(f"  [dim]{word}[/] {escape(text)}")
    console.print(", ".join(f"{report.count(status)} {status}" for status in reversed(SERIOUS)))


def _alike(report: Report, status: Status) -> dict[tuple[str, str, str, str], list[str]]:
    """Where and what was seen, by what is said of it: six nodes with one trouble are told once."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for check in report.checks:
        if check.status == status:
            said = (check.name, check.rule, check.consequence, check.fix)
            found.setdefault(said, []).append(f"{check.where}: {check.seen}")
    return found
