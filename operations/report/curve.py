"""Quadratic curves: bent, trimmed, shifted sideways, with heads that need no SVG markers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from operations.report.geography import Point


@dataclass(frozen=True)
class Curve:
    """A quadratic curve in pixels."""

    start: Point
    control: Point
    end: Point

    @property
    def path(self) -> str:
        """The `d` of an SVG path."""
        return (
            f"M{self.start.x:.1f} {self.start.y:.1f}"
            f"Q{self.control.x:.1f} {self.control.y:.1f} {self.end.x:.1f} {self.end.y:.1f}"
        )

    @property
    def chord(self) -> float:
        """The straight distance between its ends."""
        return math.dist((self.start.x, self.start.y), (self.end.x, self.end.y))

    def at(self, t: float) -> Point:
        """The point at `t`, 0 at the start and 1 at the end."""
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        return Point(
            a * self.start.x + b * self.control.x + c * self.end.x,
            a * self.start.y + b * self.control.y + c * self.end.y,
        )

    def between(self, t0: float, t1: float) -> Curve:
        """The piece from `t0` to `t1`."""
        start, end = self.at(t0), self.at(t1)
        u, v = 1 - t0, 1 - t1
        control = Point(
            u * v * self.start.x + (u * t1 + t0 * v) * self.control.x + t0 * t1 * self.end.x,
            u * v * self.start.y + (u * t1 + t0 * v) * self.control.y + t0 * t1 * self.end.y,
        )
        return Curve(start, control, end)

    def trimmed(self, start: float, end: float) -> Curve:
        """Without the first `start` and the last `end` pixels (measured along the chord)."""
        length = max(self.chord, 1.0)
        t0, t1 = min(start / length, 0.45), 1 - min(end / length, 0.45)
        return self.between(t0, t1)

    def shifted(self, distance: float) -> Curve:
        """The parallel curve `distance` pixels to its left (seen in the direction it runs)."""
        nx, ny = _normal(self.start, self.end)
        move = [Point(p.x + nx * distance, p.y + ny * distance) for p in (self.start, self.control, self.end)]
        return Curve(*move)

    def sampled(self, step: float = 14.0) -> tuple[Point, ...]:
        """Points along it, about `step` pixels apart."""
        count = max(2, round(self.chord / step))
        return tuple(self.at(k / count) for k in range(count + 1))


def bent(start: Point, end: Point, bend: float) -> Curve:
    """From start to end, the middle pushed out by `bend` times the distance; positive bows to the left of the way."""
    nx, ny = _normal(start, end)
    reach = 2 * bend * math.dist((start.x, start.y), (end.x, end.y))
    return Curve(start, Point((start.x + end.x) / 2 + nx * reach, (start.y + end.y) / 2 + ny * reach), end)


def bowed_up(start: Point, end: Point, bend: float) -> Curve:
    """Like `bent`, but always towards the top of the paper for a positive bend, whichever way it runs."""
    nx, ny = _normal(start, end)
    upwards = ny < 0 or (ny == 0 and nx < 0)
    return bent(start, end, bend if upwards else -bend)


def head(curve: Curve, size: float) -> str:
    """The `points` of an arrow head at the end of the curve, `size` pixels long."""
    tip = curve.end
    back = math.atan2(curve.control.y - tip.y, curve.control.x - tip.x)
    corners = [(tip.x, tip.y)]
    for side in (-0.42, 0.42):
        corners.append((tip.x + size * math.cos(back + side), tip.y + size * math.sin(back + side)))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _normal(start: Point, end: Point) -> tuple[float, float]:
    """The unit vector to the left of the way from start to end (y grows downwards)."""
    length = math.dist((start.x, start.y), (end.x, end.y)) or 1.0
    return (end.y - start.y) / length, -(end.x - start.x) / length
