"""plan.json in, one self-contained HTML page out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from operations.report import flow, tables, tree
from operations.report.failures import cases
from operations.report.model import Plan, read
from operations.report.plates import postgres_words
from operations.report.world_map import DESKTOP, PHONE, draw, tones_of

TEMPLATES = Path(__file__).parent / "templates"
STYLES = ("page.css", "map.css")
FLOW_WIDTH_DESKTOP, FLOW_WIDTH_PHONE = 860.0, 340.0


def render(plan: Mapping[str, Any]) -> str:
    """Draw the plan (schema 1, see schema.json) as one HTML page without outside parts.

    The same plan gives the same bytes. Raises ValueError where the plan is of another schema or shape.
    """
    typed = read(plan)
    return _environment().get_template("page.html.j2").render(_context(typed))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = tables.money
    environment.filters["px"] = pixels
    environment.filters["titled"] = titled
    environment.filters["postgres_words"] = postgres_words
    return environment


def _file(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def pixels(length: float) -> str:
    """A length with one decimal at most, so that a drawing stays small and the same on every machine."""
    return f"{length:.1f}".removesuffix(".0")


def titled(name: str) -> str:
    """A name at the head of a line; 'europe' becomes 'Europe', 'McMurdo' stays as it is."""
    return name[:1].upper() + name[1:]


def _context(plan: Plan) -> dict[str, Any]:
    gathered = flow.feeds(plan)
    weighed = tables.by_weight((*plan.warnings, *tables.of_policies(plan.policies or ())))
    script = _file("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "plan": plan,
        "style": Markup("".join(_file(name) for name in STYLES)),  # noqa: S704  (our own files)
        "script": Markup(script),  # noqa: S704  (our own file)
        "script_digest": digest,
        "tones": tones_of(plan),
        "names": {region.code: region.name or region.code for region in plan.regions},
        "desktop": draw(plan, DESKTOP),
        "phone": draw(plan, PHONE),
        "unplaced": [region.code for region in plan.regions if None in (region.longitude, region.latitude)],
        "cases": cases(plan),
        "steering_rows": tables.steering_rows(plan),
        "serving": tables.serving(plan),
        "bar": tables.cost_bar(plan.cost) if plan.cost else None,
        "dangers": [warning for warning in weighed if warning.severity == "danger"],
        "lesser": [warning for warning in weighed if warning.severity != "danger"],
        "feeds": gathered,
        "flow_desktop": flow.diagram(plan, gathered, FLOW_WIDTH_DESKTOP),
        "flow_phone": flow.diagram(plan, gathered, FLOW_WIDTH_PHONE),
        "resources": sum(stack.resource_count for stack in plan.stacks),
        "trees": {stack.name: tree.branches(stack) for stack in plan.stacks},
        "types_of": tree.types,
        "protected_of": tree.protected,
    }
