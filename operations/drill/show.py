"""What can be drilled, for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from operations.drill.catalogue import SCENARIOS


def listed(console: Console) -> None:
    """The scenarios, and what an operator does in each."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("scenario", "what happens", "what the operator does"):
        table.add_column(title)
    for scenario in SCENARIOS:
        table.add_row(scenario.name, scenario.title, ", ".join(scenario.steps("eu", "in")))
    console.print(table)
    console.print("openova drill SCENARIO... plays them in the lab; docs/runbooks has a page for each.")
