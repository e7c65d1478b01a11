"""Lays out the map: regions where they are, users and their way in, what runs between the regions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from operations.report.curve import bowed_up, head
from operations.report.geography import Padding, Point, Window, fit, graticule, land
from operations.report.model import Location, Plan, Region
from operations.report.placement import Board, Box, spread, text_width
from operations.report.plates import callouts, leader, plates
from operations.report.scene import TONES, Marker, Person, Scene, Traffic
from operations.report.strands import carrying, strands, way


@dataclass(frozen=True)
class Sheet:
    """How large a map is drawn, and how much it says. `forms` are the plates' forms up to so many regions."""

    width: float
    heights: tuple[float, float]
    padding: Padding
    radius: float
    forms: tuple[tuple[int, str], ...]
    named_people: int
    pipe: float
    callouts: int


DESKTOP = Sheet(1200, (500, 640), Padding(190, 190, 120, 90), 11, ((4, "card"), (8, "line")), 14, 15, 3)
PHONE = Sheet(360, (230, 400), Padding(34, 34, 40, 34), 8, ((3, "line"), (5, "code"), (99, "mark")), 0, 9, 0)


def draw(plan: Plan, sheet: Sheet, lost: Collection[str] = ()) -> Scene:
    """The map on one sheet; regions whose code is in `lost` are drawn as gone, and their traffic moves on."""
    shown = [region for region in plan.regions if region.longitude is not None and region.latitude is not None]
    locations = [
        (number, location)
        for number, location in enumerate(plan.steering.locations if plan.steering else (), start=1)
        if location.longitude is not None and location.latitude is not None
    ]
    window = window_of(plan, sheet)
    radius = sheet.radius if len(shown) <= 8 else sheet.radius * 0.72
    points = spread(
        [_at(window, region) for region in shown] + [_at(window, location) for _, location in locations],
        [radius + 3] * len(shown) + [(15.0 if sheet.named_people else 8.5)] * len(locations),
        fixed=len(shown),
    )
    tones = tones_of(plan)
    markers = [
        Marker(region, tones[region.code], point, radius, "lost" if region.code in lost else "alive")
        for region, point in zip(shown, points, strict=False)
    ]
    board = Board(window.width, window.height)
    alive = [marker for marker in markers if marker.state == "alive"]
    thick = sheet.pipe if len(shown) <= 3 else sheet.pipe * (0.6 if len(shown) <= 8 else 0.3)
    running = strands(alive, plan.authority.primary, thick)
    people = _people(plan, locations, points[len(shown) :], markers, lost)
    _take_note(board, markers, people, alive, plan)
    lettered = plates(board, markers, next((form for most, form in sheet.forms if len(shown) <= most), "code"))
    called = callouts(board, alive, plan, sheet.callouts)
    people = _labelled(board, people, len(locations) <= sheet.named_people)
    return Scene(
        window.width, window.height, land(window), graticule(window, window.width / 10), running, tuple(people),
        tuple(lettered), called, _description(plan, people, lost),
    )  # fmt: skip


def window_of(plan: Plan, sheet: Sheet) -> Window:
    """The part of the earth this plan needs: its regions and its users."""
    locations = plan.steering.locations if plan.steering else ()
    everything: list[Region | Location] = [*plan.regions, *locations]
    places = [(p.longitude, p.latitude) for p in everything if p.longitude is not None and p.latitude is not None]
    return fit(places, sheet.width, sheet.heights, sheet.padding)


def tones_of(plan: Plan) -> dict[str, int]:
    """The colour, 0 to TONES-1, of each region code."""
    return {region.code: index % TONES for index, region in enumerate(plan.regions)}


def winner_of(plan: Plan, location: Location, lost: Collection[str]) -> str:
    """Where a location's users go: its winner; once that is lost the region next in round trip time, or the default."""
    alive = [region.code for region in plan.regions if region.code not in lost and region.role != "witness"]
    if location.winner in alive:
        return location.winner
    measured = [code for code in alive if code in location.rtt]
    if measured:
        return min(measured, key=lambda code: (sum(location.rtt[code]), code))
    fallbacks = (*plan.steering.default, plan.steering.fallback) if plan.steering else ()
    return next((code for code in fallbacks if code in alive), "")


def rtt_words(location: Location, code: str) -> str:
    """'50-80 ms' with an en dash, or nothing where it was not measured."""
    if code not in location.rtt:
        return ""
    low, high = location.rtt[code]
    return f"{low:g} ms" if low == high else f"{low:g}–{high:g} ms"  # noqa: RUF001


def _at(window: Window, place: Region | Location) -> Point:
    return window.project(place.longitude or 0.0, place.latitude or 0.0)


def _people(
    plan: Plan,
    locations: Sequence[tuple[int, Location]],
    points: Sequence[Point],
    markers: Sequence[Marker],
    lost: Collection[str],
) -> list[Person]:
    by_code: Mapping[str, Marker] = {marker.region.code: marker for marker in markers}
    people: list[Person] = []
    for (number, location), at in zip(locations, points, strict=True):
        code = winner_of(plan, location, lost)
        target = by_code.get(code)
        moved = code != winner_of(plan, location, ())
        traffic = _traffic(at, target, moved) if target else None
        tone = target.tone if target else None
        people.append(Person(number, location.name, rtt_words(location, code), code, tone, at, traffic, moved=moved))
    return people


def _traffic(at: Point, target: Marker, moved: bool) -> Traffic:
    course = bowed_up(at, target.at, -0.1).trimmed(9, target.radius + 5)
    return Traffic(course.path, head(course, 9), course.at(0.42) if course.chord > 22 else None, target.tone, moved)


def _take_note(
    board: Board, markers: Sequence[Marker], people: Sequence[Person], alive: Sequence[Marker], plan: Plan
) -> None:
    """Tell the board what must stay visible: markers and people as boxes, lines as points."""
    for marker in markers:
        r = marker.radius + 5
        board.boxes.append(Box(marker.at.x - r, marker.at.y - r, 2 * r, 2 * r))
    for person in people:
        board.boxes.append(Box(person.at.x - 9, person.at.y - 9, 18, 18))
        winner = next((m for m in markers if m.region.code == person.winner), None)
        if winner:
            board.draw(bowed_up(person.at, winner.at, -0.1).sampled())
    by_code = {marker.region.code: marker for marker in alive}
    for a, b in carrying(alive, plan.authority.primary):
        board.draw(way(by_code[a], by_code[b]).sampled(10))


def _labelled(board: Board, people: Sequence[Person], named: bool) -> list[Person]:
    """Names and round trips beside the people, where all have room; else everyone keeps a number only."""
    if not named:
        return list(people)
    labelled: list[Person] = []
    for person in sorted(people, key=lambda p: (p.at.y, p.at.x)):
        words = f"{person.rtt} → {person.winner}" if person.winner else "nowhere"
        width = max(text_width(person.name, 13, True), text_width(words, 12)) + 10
        box, covered = board.place(person.at, (width, 36), (11, 20, 34, 52, 74, 100))
        if covered > box.width * box.height * 0.2:
            return list(people)
        labelled.append(replace(person, label=box, leader=leader(person.at, box, 24)))
    return sorted(labelled, key=lambda p: p.number)


def _description(plan: Plan, people: Sequence[Person], lost: Collection[str]) -> str:
    """The map in words, for those who do not see it."""
    regions = ", ".join(
        f"{r.name or r.code} ({r.role or 'region'}, {len(r.nodes)} nodes)" for r in plan.regions if r.code not in lost
    )
    ways = "; ".join(f"{p.name} goes to {p.winner or 'no region'} {p.rtt}".strip() for p in people)
    gone = f" Lost: {', '.join(sorted(lost))}." if lost else ""
    return f"Regions: {regions}.{gone} {ways + '.' if ways else ''}".strip()
