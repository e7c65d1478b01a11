"""Places on paper: an equirectangular window that fits the regions, its land and its graticule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NORTH, SOUTH = 84.0, -56.0  # the latitudes land.txt covers
SMALLEST_SPAN = 24.0  # degrees of latitude: no closer look than this, one place has no extent of its own
LARGEST_SCALE = 13.0  # pixels a degree: closer than this, one-degree land turns into noise
DOT_PITCH = 7.0  # pixels between two dots of land


@dataclass(frozen=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True)
class Padding:
    """Pixels kept free around the places, for what is written beside them."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Window:
    """A crop of the earth: `scale` is pixels a degree of latitude, `stretch` the cosine of the standard parallel."""

    west: float
    north: float
    scale: float
    stretch: float
    width: float
    height: float

    def project(self, longitude: float, latitude: float) -> Point:
        """Where a place (degrees) stands on the paper (pixels, from the upper left corner)."""
        east_of_edge = (longitude - self.west) % 360.0
        return Point(east_of_edge * self.scale * self.stretch, (self.north - latitude) * self.scale)


def fit(places: Sequence[tuple[float, float]], width: float, heights: tuple[float, float], padding: Padding) -> Window:
    """The window, `width` wide and of a height between the two given, that holds the (longitude, latitude) places.

    The cut goes through the widest gap between longitudes, so two places on either side of the date line stay close.
    Without places it shows the whole world.
    """
    west, east = _longitudes([longitude for longitude, _ in places])
    latitudes = [latitude for _, latitude in places] or [-50.0, 75.0]
    low, high = min(latitudes), max(latitudes)
    stretch = math.cos(math.radians(min(55.0, abs(low + high) / 2)))
    room_x = width - padding.left - padding.right
    room_y = heights[1] - padding.top - padding.bottom
    scale = min(room_x / max((east - west) * stretch, 1.0), room_y / max(high - low, SMALLEST_SPAN), LARGEST_SCALE)
    scale = max(scale, width / (360.0 * stretch))
    height = min(max((high - low) * scale + padding.top + padding.bottom, heights[0]), heights[1])
    height = min(height, (NORTH - SOUTH) * scale)
    middle_x = (west + east) / 2 + (padding.right - padding.left) / 2 / scale / stretch
    middle_y = (low + high) / 2 + (padding.top - padding.bottom) / 2 / scale
    north = min(max(middle_y + height / 2 / scale, SOUTH + height / scale), NORTH)
    return Window(middle_x - width / 2 / scale / stretch, north, scale, stretch, width, height)


def _longitudes(longitudes: Sequence[float]) -> tuple[float, float]:
    """The western and eastern edge (degrees, east beyond 180 where the places lie across the date line)."""
    if not longitudes:
        return -180.0, 180.0
    around = sorted({round(longitude, 6) % 360.0 for longitude in longitudes})
    gaps = [
        ((following - place) % 360.0 or 360.0, following)
        for place, following in zip(around, [*around[1:], around[0]], strict=True)
    ]
    widest, west = max(gaps)
    west = west - 360.0 if west > 180.0 else west
    return west, west + 360.0 - widest


@cache
def _land() -> tuple[str, ...]:
    """Rows from north to south, one character ('0' sea, '1' land) a degree, from 180 W eastwards."""
    text = (Path(__file__).parent / "land.txt").read_text(encoding="ascii")
    return tuple(f"{int(row, 16):0{len(row) * 4}b}" for row in text.splitlines() if not row.startswith("#"))


@dataclass(frozen=True)
class Land:
    """Dotted land: one path whose dashes are the dots, `pitch` pixels apart and `dot` pixels thick."""

    path: str
    pitch: float
    dot: float


def land(window: Window) -> Land:
    """The dots of the land inside the window. Every other row is shifted by half a step, like a sieve."""
    step = math.ceil(DOT_PITCH / (window.scale * window.stretch))
    pitch = step * window.scale * window.stretch
    row_step = step * window.stretch * 0.87
    pieces: list[str] = []
    top = math.ceil((NORTH - window.north) / row_step)
    bottom = math.floor((NORTH - window.north + window.height / window.scale) / row_step)
    first = math.ceil(window.west / step)
    columns = math.floor(window.width / pitch)
    for row in range(top, bottom + 1):
        latitude = NORTH - row * row_step
        y = (window.north - latitude) * window.scale
        shift = 0.5 * (row % 2)
        x0 = ((first + shift) * step - window.west) * window.scale * window.stretch
        solid = [_is_land((first + shift + column) * step, latitude) for column in range(columns + 1)]
        pieces += [f"M{x0 + a * pitch:.1f} {y:.1f}H{x0 + b * pitch + 0.2:.1f}" for a, b in _runs(solid)]
    return Land("".join(pieces), pitch, min(pitch * 0.52, 5.5))


def _is_land(longitude: float, latitude: float) -> bool:
    rows = _land()
    row = int(NORTH - latitude)
    if not 0 <= row < len(rows):
        return False
    return rows[row][int((longitude + 180.0) % 360.0)] == "1"


def _runs(solid: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last index of every unbroken stretch."""
    runs: list[tuple[int, int]] = []
    for index, is_land in enumerate(solid):
        if is_land and runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        elif is_land:
            runs.append((index, index))
    return runs


@dataclass(frozen=True)
class Line:
    """One line of the graticule with the words at its end."""

    path: str
    label: str
    at: Point


def graticule(window: Window, spacing: float = 110.0) -> tuple[Line, ...]:
    """Meridians and parallels at the finest round step that keeps them about `spacing` pixels apart."""
    step = next((s for s in (5, 10, 15, 30) if s * window.scale * window.stretch >= spacing), 45)
    lines: list[Line] = []
    degrees_wide = window.width / window.scale / window.stretch
    for k in range(math.ceil(window.west / step), math.floor((window.west + degrees_wide) / step) + 1):
        x = (k * step - window.west) * window.scale * window.stretch
        longitude = (k * step + 180) % 360 - 180
        words = f"{abs(longitude)}°{'' if longitude in (0, -180) else 'E' if longitude > 0 else 'W'}"
        lines.append(Line(f"M{x:.1f} 0V{window.height:.1f}", words, Point(x + 4, window.height - 6)))
    degrees_high = window.height / window.scale
    for k in range(math.ceil((window.north - degrees_high) / step), math.floor(window.north / step) + 1):
        y = (window.north - k * step) * window.scale
        words = "equator" if k == 0 else f"{abs(k * step)}°{'N' if k > 0 else 'S'}"
        lines.append(Line(f"M0 {y:.1f}H{window.width:.1f}", words, Point(6, y - 4)))
    return tuple(lines)
