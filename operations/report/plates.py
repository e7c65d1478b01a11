"""The words on the map: a plate for every region, a callout for every bundle of strands."""

from __future__ import annotations

from collections.abc import Sequence

from operations.report.curve import Curve
from operations.report.geography import Point
from operations.report.model import Plan, Postgres, Region
from operations.report.placement import Board, Box, text_width
from operations.report.scene import Callout, Marker, Plate
from operations.report.strands import carrying, way

CARD_WIDTH, CARD_HEAD, CARD_ROW = 190.0, 30.0, 24.0
LINE_HEIGHT = 34.0
CODE_HEIGHT, MARK_HEIGHT = 20.0, 14.0
NODES_DRAWN = 9  # squares in a row; more than these are counted


def plates(board: Board, markers: Sequence[Marker], form: str) -> list[Plate]:
    found: list[Plate] = []
    for marker in sorted(markers, key=lambda m: (m.at.y, m.at.x)):
        reach = marker.radius
        distances = [
            reach + d
            for d in ((26, 46, 70, 100) if form == "card" else (2 if form == "mark" else 4, 12, 22, 36, 52, 70))
        ]
        box, _ = board.place(marker.at, _plate_size(marker, form), distances)
        found.append(Plate(marker, form, box, leader(marker.at, box, reach + 10)))
    return found


def _plate_size(marker: Marker, form: str) -> tuple[float, float]:
    region = marker.region
    nodes = min(len(region.nodes), NODES_DRAWN if form == "card" else 5) * 8.0
    if form == "card":
        rows = 1 + bool(region.postgres) + bool(region.mongodb and region.mongodb.members)
        return _card_width(region), CARD_HEAD + CARD_ROW * rows + 6
    if form == "line":
        return max(
            text_width(region.code.upper(), 12, True) + nodes + 22, text_width(region.role, 10.5) + 14
        ), LINE_HEIGHT
    if form == "mark":
        return text_width(region.code.upper(), 10, True) + 6, MARK_HEIGHT
    return text_width(region.code.upper(), 11, True) + nodes + 16, CODE_HEIGHT


def _card_width(region: Region) -> float:
    """What the widest of the card's four lines takes: name and role, nodes, PostgreSQL, MongoDB."""
    lines = [
        text_width(f"{region.code.upper()} {region.name}", 14, True) + text_width(region.role, 12.5, True) + 44,
        text_width(f"00 nodes, {region.place}", 12.5) + min(len(region.nodes), NODES_DRAWN) * 13 + 26,
    ]
    if region.postgres:
        lines.append(text_width(postgres_words(region.postgres), 12.5) + 42)
    if region.mongodb:
        lines.append(text_width("MongoDB priorities", 12.5) + min(len(region.mongodb.members), 7) * 20 + 26)
    return max(CARD_WIDTH, *lines)


def postgres_words(postgres: Postgres) -> str:
    """'PostgreSQL primary, 3 instances'."""
    return f"PostgreSQL {postgres.role}, {postgres.instances} instance{'' if postgres.instances == 1 else 's'}"


def leader(anchor: Point, box: Box, from_distance: float) -> str:
    """A straight line from the anchor to its box, where the two stand apart."""
    near = box.nearest(anchor)
    course = Curve(anchor, Point((anchor.x + near.x) / 2, (anchor.y + near.y) / 2), near)
    return course.path if course.chord > from_distance else ""


def callouts(board: Board, alive: Sequence[Marker], plan: Plan, most: int) -> tuple[Callout, ...]:
    """Beside each bundle of strands what runs in it, as long as there are few."""
    pairs = carrying(alive, plan.authority.primary)
    if len(pairs) > most:
        return ()
    by_code = {marker.region.code: marker for marker in alive}
    found: list[Callout] = []
    for a, b in pairs:
        lines = _callout_lines(by_code[a].region, by_code[b].region, plan)
        width = max(text_width(words, 12) for _, words in lines) + 34
        middle = way(by_code[a], by_code[b]).at(0.5)
        box, _ = board.place(middle, (width, 12 + 18.0 * len(lines)), (16, 28, 44, 70))
        found.append(Callout(box, leader(middle, box, 6), lines))
    return tuple(found)


def _callout_lines(a: Region, b: Region, plan: Plan) -> tuple[tuple[str, str], ...]:
    lines: list[tuple[str, str]] = []
    both_ways = plan.phase == "active-active"
    if a.postgres and b.postgres:
        words = "replication both ways" if both_ways else f"async WAL stream, {a.code} to {b.code}"
        lines.append(("wal", f"PostgreSQL: {words}"))
    if a.mongodb and b.mongodb and a.mongodb.members and b.mongodb.members:
        votes = " + ".join(f"{sum(m.votes for m in r.mongodb.members)} {r.code}" for r in (a, b) if r.mongodb)
        lines.append(("replicaset", f"MongoDB: one replica set, votes {votes}"))
    lines.append(("mesh", "WireGuard mesh, node to node"))
    return tuple(lines)
