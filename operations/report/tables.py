"""Rows for the tables: steering with its winners, cost with its bars, warnings in the order of their weight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from operations.report.model import Cost, CostLine, Location, Plan, Violation, Warning_
from operations.report.world_map import rtt_words, tones_of

SHADES = 4  # shades of the cost bar; not the regions' colours, a line of cost is no region
SEVERITIES = ("danger", "warning", "notice")


@dataclass(frozen=True)
class RttCell:
    """One round trip. `left` and `width` place its range on a scale of 0 to 100 that the whole table shares."""

    code: str
    words: str
    winner: bool
    tone: int
    left: float
    width: float


@dataclass(frozen=True)
class SteeringRow:
    number: int
    location: Location
    cells: tuple[RttCell, ...]


def steering_rows(plan: Plan) -> tuple[SteeringRow, ...]:
    """A row a location, a cell a region that serves traffic."""
    if plan.steering is None:
        return ()
    top = max((high for location in plan.steering.locations for _, high in location.rtt.values()), default=1.0)
    return tuple(
        SteeringRow(number, location, tuple(_cells(plan, location, max(top, 1.0))))
        for number, location in enumerate(plan.steering.locations, start=1)
    )


def serving(plan: Plan) -> tuple[str, ...]:
    """The codes of the regions that take traffic: all but the witnesses."""
    return tuple(region.code for region in plan.regions if region.role != "witness")


def _cells(plan: Plan, location: Location, top: float) -> Iterable[RttCell]:
    tones = tones_of(plan)
    for code in serving(plan):
        low, high = location.rtt.get(code, (0.0, 0.0))
        width = max((high - low) / top * 100, 2.0) if code in location.rtt else 0.0
        yield RttCell(code, rtt_words(location, code), code == location.winner, tones[code], low / top * 98, width)


@dataclass(frozen=True)
class CostRow:
    """A cost line with where it stands in the bar of all (0 to 100, the larger of total and budget being 100)."""

    line: CostLine
    shade: int
    left: float
    width: float


@dataclass(frozen=True)
class CostBar:
    """`budget_at` is where the budget's mark stands on the same scale, None without a budget."""

    rows: tuple[CostRow, ...]
    budget_at: float | None
    left_over: Decimal | None


def cost_bar(cost: Cost) -> CostBar:
    """Lay the cost lines end to end on a scale that also holds the budget."""
    whole = max(cost.total, cost.budget or Decimal(0), sum((line.total for line in cost.lines), Decimal(0)))
    scale = Decimal(100) / whole if whole > 0 else Decimal(0)
    rows: list[CostRow] = []
    reached = Decimal(0)
    for index, line in enumerate(cost.lines):
        rows.append(CostRow(line, index % SHADES, float(reached * scale), float(line.total * scale)))
        reached += line.total
    budget_at = float(cost.budget * scale) if cost.budget is not None else None
    return CostBar(tuple(rows), budget_at, cost.budget - cost.total if cost.budget is not None else None)


def money(amount: Decimal) -> str:
    """Two decimals; more only where the amount has them (a price of 0.015 a gigabyte)."""
    exact = amount.normalize()
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        return f"{exact:,f}"
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,f}"


def by_weight(warnings: Iterable[Warning_]) -> tuple[Warning_, ...]:
    """Dangers first, then warnings, then notices; within each the plan's own order."""
    weights = {severity: weight for weight, severity in enumerate(SEVERITIES)}
    return tuple(sorted(warnings, key=lambda warning: weights.get(warning.severity, 1)))


def of_policies(violations: Iterable[Violation]) -> tuple[Warning_, ...]:
    """What a policy does not let pass, and what it lets pass because somebody says why; what is advised stands among
    the plan's own warnings."""
    severities = {"mandatory": "danger", "acknowledged": "notice"}
    return tuple(
        Warning_(
            id=item.policy,
            severity=severities[item.level],
            where=f"Pulumi.{item.stack}.yaml",
            rule=f"{item.rule} {item.says}",
            consequence=item.consequence,
            remedy=f"Acknowledged: {item.because}" if item.because else item.fix,
        )
        for item in violations
        if item.level in severities
    )
