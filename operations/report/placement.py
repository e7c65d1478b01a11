"""Where words can stand: boxes put beside their anchors so that they hide neither each other nor the lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from operations.report.geography import Point

DIRECTIONS = (0.0, math.pi, -math.pi / 2, math.pi / 2, -0.8, 0.8, -2.34, 2.34)
NARROW, WIDE = frozenset("iljtfrI.,:;'|!()[] -"), frozenset("mwMW@%–—")  # noqa: RUF001  (an en dash is wide)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """The area the two share."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(across, 0.0) * max(down, 0.0)

    def holds(self, point: Point, margin: float = 0.0) -> bool:
        """Whether the point lies inside, or nearer than `margin`."""
        return (
            self.x - margin <= point.x <= self.x + self.width + margin
            and self.y - margin <= point.y <= self.y + self.height + margin
        )

    def nearest(self, point: Point) -> Point:
        """The point of the rectangle nearest to `point`."""
        return Point(min(max(point.x, self.x), self.x + self.width), min(max(point.y, self.y), self.y + self.height))


def text_width(text: str, size: float, bold: bool = False) -> float:
    """An estimate of how many pixels a line takes in the widest sans serif in use (DejaVu Sans)."""
    ems = sum(
        0.37 if c in NARROW else 0.96 if c in WIDE else 0.71 if c.isupper() else 0.62 if ord(c) < 0x2E80 else 1.0
        for c in text
    )
    return ems * size * (1.1 if bold else 1.0)


@dataclass
class Board:
    """The paper with what stands on it already."""

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def draw(self, points: Iterable[Point]) -> None:
        """Take note of a line, so that words avoid it where they can."""
        self.points.extend(points)

    def place(self, anchor: Point, size: tuple[float, float], distances: Sequence[float]) -> tuple[Box, float]:
        """Put a box beside the anchor and keep its place.

        Gives the box and the area in pixels by which it still covers another: 0 where there was room.
        """
        candidates = [box for distance in distances for box in self._around(anchor, size, distance)]
        best = min(candidates, key=lambda box: self._cost(box, anchor))
        covered = sum(best.overlap(other) for other in self.boxes)
        self.boxes.append(best)
        return best, covered

    def _around(self, anchor: Point, size: tuple[float, float], distance: float) -> list[Box]:
        width, height = size
        found = []
        for angle in DIRECTIONS:
            reach_x, reach_y = math.cos(angle), math.sin(angle)
            x = anchor.x + reach_x * (distance + width / 2) - width / 2
            y = anchor.y + reach_y * (distance + height / 2) - height / 2
            found.append(
                Box(min(max(x, 4), self.width - width - 4), min(max(y, 4), self.height - height - 4), width, height)
            )
        return found

    def _cost(self, box: Box, anchor: Point) -> float:
        """Covering another box is worst, then the anchor itself, then the leader over boxes, lines, and distance."""
        covered = sum(box.overlap(other) for other in self.boxes)
        lines = sum(1 for point in self.points if box.holds(point, 2.0))
        near = box.nearest(anchor)
        away = math.dist((near.x, near.y), (anchor.x, anchor.y))
        on_anchor = 4000.0 if away < 3 else 0.0
        way = [Point(near.x + (anchor.x - near.x) * k / 8, near.y + (anchor.y - near.y) * k / 8) for k in range(7)]
        crossed = sum(1 for other in self.boxes if not other.holds(anchor) and any(map(other.holds, way)))
        return covered * 8 + lines * 60 + crossed * 500 + away + on_anchor


def spread(points: Sequence[Point], radii: Sequence[float], fixed: int = 0) -> list[Point]:
    """Push points apart until circles of the given radii no longer touch, or nearly so.

    The first `fixed` points give way only to each other; the later ones give way to all.
    """
    moved = list(points)
    for _ in range(60):
        touched = False
        for i in range(len(moved)):
            for j in range(i + 1, len(moved)):
                touched |= _push(moved, i, j, radii[i] + radii[j], j >= fixed > i)
        if not touched:
            break
    return moved


def _push(moved: list[Point], i: int, j: int, wanted: float, only_later: bool) -> bool:
    """Move two points apart along the line between them; two that coincide part in a direction of their own."""
    dx, dy = moved[j].x - moved[i].x, moved[j].y - moved[i].y
    distance = math.hypot(dx, dy)
    if distance >= wanted - 0.01:
        return False
    ux, uy = (dx / distance, dy / distance) if distance > 0.01 else (math.cos(j * 2.4), math.sin(j * 2.4))
    shares = (0.0, 1.0) if only_later else (0.5, 0.5)
    gap = wanted - distance
    moved[i] = Point(moved[i].x - ux * gap * shares[0], moved[i].y - uy * gap * shares[0])
    moved[j] = Point(moved[j].x + ux * gap * shares[1], moved[j].y + uy * gap * shares[1])
    return True
