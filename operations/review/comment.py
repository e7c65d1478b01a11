"""The comment on a pull request, from plan.json with its comparison: Markdown, the dangerous first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

MARKER: Final = "<!-- openova plan -->"
_SIGNS: Final = {"added": "+", "changed": "~", "removed": "-"}
_ABOUT: Final = ("mongodb-", "residency-", "failover-", "guard-")
"""The warnings of which a review is always reminded: quorum, residency, authority."""


def comment(plan: Mapping[str, Any]) -> str:
    """What the change does: dangers, refusals, cost, what is lost with a region, then each stack."""
    comparison = plan["comparison"]
    parts = [
        "## What this changes",
        *_dangers(comparison["changes"]),
        *_refused(plan["policies"]),
        _summary(plan, comparison),
        *_facts(comparison),
        *_standing(plan["warnings"]),
        *_stacks(comparison["changes"]),
    ]
    return "\n\n".join(parts) + "\n"


def failed(text: str) -> str:
    """The comment where there is no plan, with what the plan said."""
    return f"## There is no plan\n\nThe configuration is refused:\n\n{_block(text)}\n"


def _dangers(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    dangerous = [item for item in changes if item["dangerous"]]
    if dangerous:
        rows = [
            f"- {_code(item['name'])} of {_code(item['stack'])} would be **{item['danger']}**"
            f"{_paths(item)}. {_reason(item)}"
            for item in dangerous
        ]
        yield "\n".join(["> [!CAUTION]", "> This touches what holds data or costs money.", "", *rows])


def _reason(item: Mapping[str, Any]) -> str:
    return f"Acknowledged: {_plain(item['because'])}" if item["because"] else "**Not acknowledged.**"


def _refused(policies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    found = [item for item in policies if item["level"] == "mandatory"]
    if found:
        rows = [f"- {_code(item['policy'])}: {_plain(item['says'])} {_plain(item['fix'])}" for item in found]
        yield "\n".join(["**Policies refuse this:**", "", *rows])


def _summary(plan: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    before, after = (Decimal(comparison["cost"][key]) for key in ("before", "after"))
    cost = f"EUR {after} a month" + (f" ({after - before:+})" if before != after else ", as before")
    counts = ", ".join(
        f"{sum(item['kind'] == kind for item in comparison['changes'])} {kind}"
        for kind in ("added", "changed", "removed")
    )
    return f"**{counts}.** {cost}; {_code(plan['authority']['primary'])} writes."


def _facts(comparison: Mapping[str, Any]) -> Iterator[str]:
    rows = [f"- {_plain(item)}" for item in comparison["facts"]]
    rows += [f"- new: {_plain(item)}" for item in comparison["warnings"]["added"]]
    rows += [f"- gone: {_plain(item)}" for item in comparison["warnings"]["removed"]]
    if rows:
        yield "\n".join(rows)


def _standing(warnings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    found = [item for item in warnings if str(item["id"]).startswith(_ABOUT)]
    if found:
        rows = [f"- {item['severity']}: {_plain(item['rule'])} {_plain(item['consequence'])}" for item in found]
        yield _folded("Quorum, residency and authority", rows)


def _stacks(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not changes:
        yield "No resource changes."
    for stack in dict.fromkeys(item["stack"] for item in changes):
        mine = [item for item in changes if item["stack"] == stack]
        rows = [f"{_SIGNS[item['kind']]} {item['name']} {item['type']}{_paths(item)}" for item in mine]
        yield _folded(f"{stack}: {len(mine)} resources", _block("\n".join(rows), "diff").splitlines())


def _paths(item: Mapping[str, Any]) -> str:
    fields = item["fields"]
    return f" ({', '.join(fields[:6])}{', ...' if len(fields) > 6 else ''})" if fields else ""


def _folded(title: str, rows: Sequence[str]) -> str:
    return "\n".join([f"<details><summary>{_plain(title)}</summary>", "", *rows, "", "</details>"])


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"


def _block(text: str, language: str = "") -> str:
    """A code block that nothing inside of it can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _plain(text: str) -> str:
    """Text of a pull request's own files, which may be a stranger's: no markup, no mentions, one line."""
    escaped = re.sub(r"([\\`*_\[\]<>|#!])", r"\\\1", " ".join(str(text).split()))
    return escaped.replace("@", "@\u200b")
