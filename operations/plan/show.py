"""The plan on the screen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from operations.plan.compare import Comparison

_STYLES = {"danger": "bold red", "warning": "yellow", "notice": "dim"}
_MARKS = {"added": "[green]+[/]", "changed": "[yellow]~[/]", "removed": "[red]-[/]"}


def show(plan: Mapping[str, Any], comparison: Comparison | None, *, stack: str | None, folder: Path) -> None:
    """Print the plan for people; `stack` shows one stack with every resource."""
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    shown = [item for item in plan["stacks"] if stack in (None, item["name"])]
    console.print(_headline(plan))
    if comparison is not None:
        _comparison(console, comparison)
    for item in shown:
        console.print(_tree(item, whole=stack is not None))
    if stack is None:
        for table in (_flows(plan), _steering(plan), _cost(plan), _quorum(plan)):
            if table is not None:
                console.print(table)
        _warnings(console, plan)
        _policies(console, plan)
    console.print(f"Written: {folder}/plan.json, report.html, manifests/")


def _headline(plan: Mapping[str, Any]) -> str:
    count = sum(stack["resourceCount"] for stack in plan["stacks"])
    authority, cost = plan["authority"], plan["cost"]
    return (
        f"[bold]{escape(plan['domain'])}[/]  phase {plan['phase']}, epoch {authority['epoch']}: "
        f"[bold]{authority['primary']}[/] writes. {count} resources in {len(plan['stacks'])} stacks, "
        f"EUR {cost['total']} a month (budget {cost['budget']})."
    )


def _tree(stack: Mapping[str, Any], *, whole: bool) -> Tree:
    children: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    known = {item["urn"] for item in stack["resources"]}
    for item in stack["resources"]:
        children[item["parent"] if item["parent"] in known else ""].append(item)
    tree = Tree(f"[bold]{stack['name']}[/] ({stack['kind']}): {stack['resourceCount']} resources")
    _grow(tree, "", children, whole)
    return tree


def _grow(branch: Tree, urn: str, children: Mapping[str, list[Mapping[str, Any]]], whole: bool) -> None:
    leaves = []
    for item in sorted(children.get(urn, ()), key=lambda item: (item["type"], item["name"])):
        if not whole and item["urn"] not in children:
            leaves.append(item)
            continue
        mark = " [cyan](protected)[/]" if item["protect"] else ""
        _grow(branch.add(f"{escape(item['name'])}  [dim]{item['type']}[/]{mark}"), item["urn"], children, whole)
    for type_, count in sorted(Counter(item["type"] for item in leaves).items()):
        names = [item["name"] for item in leaves if item["type"] == type_]
        branch.add(f"{count} x {type_}  [dim]{escape(_few(names))}[/]")


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _flows(plan: Mapping[str, Any]) -> Table | None:
    feeds: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for flow in plan["flows"]:
        source, target = flow["from"], flow["to"]
        feeds[source["stack"], source["output"], target["stack"]].append(f"{target['resource']}.{target['input']}")
    if not feeds:
        return None
    table = _table("What feeds what", "output", "of", "feeds", "inputs")
    for (stack, output, target), inputs in sorted(feeds.items()):
        table.add_row(output, stack, target, f"{len(inputs)}: {_few(sorted(inputs))}")
    return table


def _steering(plan: Mapping[str, Any]) -> Table | None:
    steering = plan["steering"]
    if not steering["locations"]:
        return None
    codes = [region["code"] for region in plan["regions"] if region["role"] != "witness"]
    seconds = steering["detectionSeconds"]
    detection = f", a dead region leaves traffic in at most {seconds} s" if seconds else ""
    title = f"Steering: {steering['mode']} ({steering['policy']}){detection}"
    table = _table(title, "users in", *[f"ms to {code}" for code in codes], "served by")
    for row in steering["locations"]:
        spans = [row["rtt"].get(code) for code in codes]
        cells = [f"{span[0]}-{span[1]}" if span else "?" for span in spans]
        table.add_row(row["name"], *cells, row["winner"] or "-")
    return table


def _cost(plan: Mapping[str, Any]) -> Table:
    cost = plan["cost"]
    table = _table(
        f"Cost: EUR {cost['total']} a month (one region alone: {cost['singleRegion']})", "item", "EUR", "note"
    )
    for line in cost["lines"]:
        quantity = f"{line['quantity']:g} x " if line["quantity"] != 1 else ""
        table.add_row(f"{quantity}{line['item']}", line["total"], line["note"])
    return table


def _quorum(plan: Mapping[str, Any]) -> Table:
    table = _table("If a region is lost", "lost", "system", "read", "write", "why")
    for row in plan["quorum"]:
        for system in ("postgresql", "mongodb", "k3s"):
            if system in row:
                cell = row[system]
                table.add_row(row["lost"], system, _yes(cell["read"]), _yes(cell["write"]), cell["note"])
    return table


def _yes(value: bool) -> str:
    return "[green]yes[/]" if value else "[red]no[/]"


def _warnings(console: Console, plan: Mapping[str, Any]) -> None:
    for item in plan["warnings"]:
        style = _STYLES[item["severity"]]
        console.print(f"[{style}]{item['severity']}[/] {escape(item['where'])}: {escape(item['rule'])}")
        console.print(f"  [dim]Otherwise:[/] {escape(item['consequence'])}")
        console.print(f"  [dim]Remedy:[/] {escape(item['remedy'])}")


def _policies(console: Console, plan: Mapping[str, Any]) -> None:
    """What breaks a policy and may: what may not is told as a problem at the end."""
    passed = [item for item in plan["policies"] if item["level"] != "mandatory"]
    for policy, level in dict.fromkeys((item["policy"], item["level"]) for item in passed):
        items = [item for item in passed if (item["policy"], item["level"]) == (policy, level)]
        names = list(dict.fromkeys(item["resource"] for item in items))
        reasons = f": {'; '.join(dict.fromkeys(item['because'] for item in items))}" if level == "acknowledged" else ""
        console.print(f"[dim]policy {policy}, {level}{escape(reasons)}: {escape(_few(names))} ({len(items)})[/]")


def _comparison(console: Console, comparison: Comparison) -> None:
    if comparison.empty:
        console.print("[bold]Nothing changed[/] since the earlier plan.")
        return
    for change in sorted(comparison.changes, key=lambda change: not change.dangerous):
        danger = f" [bold red]{change.danger}: holds data or costs money[/]" if change.dangerous else ""
        danger += f" [dim]acknowledged: {escape(change.because)}[/]" if change.dangerous and change.because else ""
        fields = f"  [dim]{escape(', '.join(change.fields[:6]))}[/]" if change.fields else ""
        console.print(
            f"{_MARKS[change.kind]} {change.stack}: {escape(change.name)} [dim]{change.type}[/]{fields}{danger}"
        )
    if comparison.cost_before != comparison.cost_after:
        console.print(f"EUR {comparison.cost_before} -> {comparison.cost_after} a month")
    for text in comparison.facts:
        console.print(escape(text))
    for text in comparison.warnings_added:
        console.print(f"[yellow]new:[/] {escape(text)}")
    for text in comparison.warnings_removed:
        console.print(f"[green]gone:[/] {escape(text)}")
