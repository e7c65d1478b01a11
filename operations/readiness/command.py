"""`openova readiness`: the list, gone through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from operations.options import print_json
from operations.readiness.acts import read_acts
from operations.readiness.drills import read_drills
from operations.readiness.items import ITEMS
from operations.readiness.known import Answer, Known, answers
from operations.readiness.live import asked
from settings.loader import load_project

TITLES: Final = {
    "prerequisites": "Before several regions are built",
    "go-live": "Before users are sent there",
    "operation": "Before anybody relies on it",
}
_STYLES: Final = {"shown": "green", "not shown": "bold red", "not needed": "dim"}


def readiness(root: Path, kubeconfigs: Sequence[str], *, live: bool, as_json: bool) -> bool:
    """Go through the list, print it, and tell whether all that is needed is shown.

    Raises SettingsError for a broken configuration, a broken file of acts, or a kubeconfig that is none.
    """
    project, today = load_project(root), date.today()
    acts = read_acts(root, today)
    drills, unread = read_drills(root)
    known = Known(root, today, project, acts, drills, asked(root, project, kubeconfigs) if live else {})
    found = answers(ITEMS, known)
    if as_json:
        print_json(document(found, unread))
    else:
        _draw(found, unread)
    return all(answer.status != "not shown" for answer in found)


def document(found: Sequence[Answer], unread: Sequence[str]) -> dict[str, Any]:
    """All of it as JSON values."""
    return {
        "ready": all(answer.status != "not shown" for answer in found),
        "counts": {status: sum(answer.status == status for answer in found) for status in _STYLES},
        "items": [answer.document() for answer in found],
        "unread": list(unread),
    }


def _draw(found: Sequence[Answer], unread: Sequence[str]) -> None:
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    for group, title in TITLES.items():
        console.print(f"[bold]{title}[/]")
        for answer in found:
            if answer.item.group == group:
                _item(console, answer)
    for name in unread:
        console.print(f"[yellow]not read[/] {escape(name)}: it is no run of a drill")
    if todo := dict.fromkeys(each.fix for answer in found for each in answer.evidence if not each.shown and each.fix):
        console.print("[bold]What would show the rest[/]")
        for fix in todo:
            console.print(f"  {escape(fix)}")
    counts = document(found, unread)["counts"]
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()))


def _item(console: Console, answer: Answer) -> None:
    status = answer.status
    console.print(f"  [{_STYLES[status]}]{status:10}[/] {escape(answer.item.text)}")
    for each in answer.evidence:
        mark = "" if each.shown else "not shown: " if len(answer.evidence) > 1 else ""
        console.print(f"             [dim]{escape(mark + each.told)}[/]")
