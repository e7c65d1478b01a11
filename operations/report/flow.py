"""Which stack feeds which: boxes in the order of `up` (shared, regions, global) and the values between them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from operations.report.curve import Curve, head
from operations.report.geography import Point
from operations.report.model import Flow, Plan
from operations.report.placement import Box, text_width

COLUMNS = {"shared": 0, "global": 2}  # every other kind stands between the two
BOX_HEIGHT, ROW_GAP, MARGIN = 44.0, 22.0, 16.0


@dataclass(frozen=True)
class Value:
    """One value on its way: `output` of the one stack into `input` of a resource of the other."""

    output: str
    secret: bool
    resource: str
    input: str


@dataclass(frozen=True)
class Feed:
    """All values one stack gives another."""

    source: str
    target: str
    values: tuple[Value, ...]

    @property
    def secrets(self) -> int:
        """How many different secret outputs are among them."""
        return len({value.output for value in self.values if value.secret})

    @property
    def outputs(self) -> int:
        """How many different outputs."""
        return len({value.output for value in self.values})


@dataclass(frozen=True)
class StackBox:
    name: str
    kind: str
    words: str
    box: Box


@dataclass(frozen=True)
class Arrow:
    path: str
    head: str
    width: float
    label: str
    at: Point
    label_width: float


@dataclass(frozen=True)
class Diagram:
    width: float
    height: float
    boxes: tuple[StackBox, ...]
    arrows: tuple[Arrow, ...]


def feeds(plan: Plan) -> tuple[Feed, ...]:
    """The flows, gathered by pair of stacks, in the order of the stacks. References without values come with none."""
    secret = {(stack.name, output.name): output.secret for stack in plan.stacks for output in stack.outputs}
    pairs: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    for stack in plan.stacks:
        for reference in stack.references:
            pairs[(reference, stack.name)] = []
    for flow in plan.flows:
        pairs[(flow.source.stack, flow.target.stack)].append(flow)
    order = {stack.name: index for index, stack in enumerate(plan.stacks)}
    return tuple(
        Feed(source, target, tuple(sorted((_value(flow, secret) for flow in pairs[(source, target)]), key=_order)))
        for source, target in sorted(pairs, key=lambda pair: [(order.get(name, len(order)), name) for name in pair])
    )


def _value(flow: Flow, secret: dict[tuple[str, str], bool]) -> Value:
    is_secret = secret.get((flow.source.stack, flow.source.output), False)
    return Value(flow.source.output, is_secret, flow.target.resource, flow.target.input)


def _order(value: Value) -> tuple[str, str, str]:
    return value.output, value.resource, value.input


def diagram(plan: Plan, gathered: Sequence[Feed], width: float) -> Diagram:
    """The boxes in columns and an arrow a pair of stacks, drawn `width` pixels wide."""
    columns: list[list[str]] = [[], [], []]
    known = {stack.name: stack for stack in plan.stacks}
    names = [*known, *sorted({name for feed in gathered for name in (feed.source, feed.target)} - known.keys())]
    for name in names:
        columns[COLUMNS.get(known[name].kind if name in known else "", 1)].append(name)
    filled = [column for column in columns if column]
    box_width = min(200.0, (width - 2 * MARGIN) / (len(filled) * 1.7 - 0.7 if filled else 1))
    tallest = max((len(column) for column in filled), default=0)
    height = 2 * MARGIN + tallest * BOX_HEIGHT + max(tallest - 1, 0) * ROW_GAP
    step = (width - 2 * MARGIN - box_width) / max(len(filled) - 1, 1)
    boxes: dict[str, StackBox] = {}
    for column_index, column in enumerate(filled):
        used = len(column) * BOX_HEIGHT + (len(column) - 1) * ROW_GAP
        for row, name in enumerate(column):
            y = (height - used) / 2 + row * (BOX_HEIGHT + ROW_GAP)
            box = Box(MARGIN + column_index * step, y, box_width, BOX_HEIGHT)
            stack = known.get(name)
            count = stack.resource_count if stack else 0
            words = f"{count} resources" if box_width >= 110 else f"{count}"
            boxes[name] = StackBox(name, stack.kind if stack else "", words, box)
    arrows = tuple(_arrow(feed, boxes[feed.source].box, boxes[feed.target].box, height) for feed in gathered)
    return Diagram(width, height, tuple(boxes.values()), arrows)


def _arrow(feed: Feed, a: Box, b: Box, height: float) -> Arrow:
    """From side to side between columns, past the middle one in an arc; within a column downwards on the right,
    upwards on the left."""
    width = 1.3 + math.log1p(feed.outputs)
    if b.x == a.x:
        side = a.width if b.y > a.y else 0.0
        reach = min(32 + 0.18 * abs(b.y - a.y), 0.5 * a.width)
        start, end = Point(a.x + side, a.y + a.height / 2), Point(a.x + side, b.y + b.height / 2)
        middle = Point(start.x + (reach if side else -reach), (start.y + end.y) / 2)
    elif b.x > a.x:
        start, end = Point(a.x + a.width, a.y + a.height / 2), Point(b.x, b.y + b.height / 2)
        far = b.x - a.x > 2.2 * a.width + 60
        middle = Point((start.x + end.x) / 2, 6 if far else (start.y + end.y) / 2)
    else:
        start, end = Point(a.x, a.y + a.height * 0.7), Point(b.x + b.width, b.y + b.height * 0.7)
        middle = Point((start.x + end.x) / 2, (start.y + end.y) / 2 + 20)
    course = Curve(start, middle, end)
    label = str(feed.outputs)
    # Arrows fan out of the first column and into the last one: labels stand where they are apart.
    at = course.at(0.5 if b.x == a.x else 0.38 if a.x > MARGIN else 0.62)
    return Arrow(course.path, head(course, 9), width, label, at, text_width(label, 11, True) + 12)
