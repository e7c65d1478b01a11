"""The drawn map as plain shapes: what the templates turn into SVG. Lengths in pixels of the drawing."""

from __future__ import annotations

from dataclasses import dataclass

from operations.report.geography import Land, Line, Point
from operations.report.model import Region
from operations.report.placement import Box

TONES = 8  # so many region colours the style sheet holds; the ninth region shares the first one's


@dataclass(frozen=True)
class Strand:
    """What runs between two regions. `kind` is mesh, wal or replicaset; `head` the arrow's points, if any."""

    kind: str
    path: str
    width: float
    heads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Marker:
    """A region on the map. `state` is alive or lost."""

    region: Region
    tone: int
    at: Point
    radius: float
    state: str = "alive"

    @property
    def writes(self) -> bool:
        """Whether this region takes writes."""
        return self.region.role in ("primary", "writer")


@dataclass(frozen=True)
class Plate:
    """A region's words. `form` is card, line, code or mark, from much room to little."""

    marker: Marker
    form: str
    box: Box
    leader: str = ""


@dataclass(frozen=True)
class Traffic:
    """A location's way to its region, over the edge at `edge` (None where the way is too short to show it)."""

    path: str
    head: str
    edge: Point | None
    tone: int
    moved: bool = False


@dataclass(frozen=True)
class Person:
    """Users of one location. `rtt` is written out; `label` is None where the number alone has room."""

    number: int
    name: str
    rtt: str
    winner: str
    tone: int | None
    at: Point
    traffic: Traffic | None
    label: Box | None = None
    leader: str = ""
    moved: bool = False


@dataclass(frozen=True)
class Callout:
    """What a bundle of strands carries, written beside it."""

    box: Box
    leader: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scene:
    """One map."""

    width: float
    height: float
    land: Land
    graticule: tuple[Line, ...]
    strands: tuple[Strand, ...]
    people: tuple[Person, ...]
    plates: tuple[Plate, ...]
    callouts: tuple[Callout, ...]
    described: str

    @property
    def numbered(self) -> bool:
        """Whether a key has to say which number is which location."""
        return any(person.label is None for person in self.people)
