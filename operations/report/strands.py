"""What runs between the regions: the WireGuard mesh, PostgreSQL's WAL, MongoDB's replica set."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from operations.report.curve import Curve, bowed_up, head
from operations.report.model import Region
from operations.report.scene import Marker, Strand

BEND = 0.16
FEW = 4  # more regions than these: links without replication fade, there are too many to read one by one


def postgres_pairs(regions: Sequence[Region], primary: str) -> list[tuple[str, str, bool]]:
    """(from, to, both ways) of every PostgreSQL replication: the primary to each replica, or writer with writer."""
    holding = [region for region in regions if region.postgres is not None]
    writers = [region.code for region in holding if region.postgres and region.postgres.role == "writer"]
    if len(writers) > 1:
        return [(a, b, True) for a, b in combinations(writers, 2)]
    return [
        (primary, region.code, False)
        for region in holding
        if region.code != primary and any(other.code == primary for other in holding)
    ]


def mongodb_pairs(regions: Sequence[Region]) -> list[tuple[str, str]]:
    """The regions that hold members, tied to the one whose member has the highest priority."""
    priorities = {
        region.code: max(member.priority for member in region.mongodb.members)
        for region in regions
        if region.mongodb and region.mongodb.members
    }
    if not priorities:
        return []
    first = max(priorities, key=lambda code: priorities[code])
    return [(first, code) for code in priorities if code != first]


def carrying(markers: Sequence[Marker], primary: str) -> list[tuple[str, str]]:
    """The pairs of regions between which data is replicated, PostgreSQL's first."""
    regions = [marker.region for marker in markers]
    codes = {region.code for region in regions}
    pairs = [(a, b) for a, b, _ in postgres_pairs(regions, primary)] + mongodb_pairs(regions)
    unique = {frozenset(pair): pair for pair in reversed(pairs) if codes.issuperset(pair)}
    return list(reversed(unique.values()))


def way(a: Marker, b: Marker) -> Curve:
    """The course of everything that runs between two regions, from `a` to `b`."""
    return bowed_up(a.at, b.at, BEND)


def strands(markers: Sequence[Marker], primary: str, thick: float) -> tuple[Strand, ...]:
    """All strands, the mesh first (it lies below). `thick` is the width of a mesh link that carries replication."""
    by_code = {marker.region.code: marker for marker in markers}
    regions = [marker.region for marker in markers]
    wal, sets = postgres_pairs(regions, primary), mongodb_pairs(regions)
    carrying = {frozenset(pair[:2]) for pair in wal} | {frozenset(pair) for pair in sets}
    drawn: list[Strand] = []
    for a, b in combinations(markers, 2):
        loaded = frozenset((a.region.code, b.region.code)) in carrying
        idle = "mesh idle" if len(markers) <= FEW else "mesh faint"
        drawn.append(Strand("mesh" if loaded else idle, way(a, b).path, thick if loaded else max(thick / 5, 1.0)))
    # Left of the way, seen from west to east, so that the two strands of a bundle never swap sides.
    side = thick * 0.22
    for start, end in sets:
        course = _eastwards(by_code[start], by_code[end]).shifted(-side)
        drawn.append(Strand("replicaset", course.path, max(thick * 0.16, 1.1)))
    for start, end, both in wal:
        if start not in by_code or end not in by_code:
            continue
        drawn.append(_wal(by_code[start], by_code[end], both, side, thick))
    return tuple(drawn)


def _wal(start: Marker, end: Marker, both: bool, side: float, thick: float) -> Strand:
    eastwards = _eastwards(start, end).shifted(side)
    course = eastwards if _is_eastwards(start, end) else Curve(eastwards.end, eastwards.control, eastwards.start)
    course = course.trimmed(start.radius + 4, end.radius + 4)
    size = max(thick * 0.8, 7.0)
    heads = [head(course, size)]
    if both:
        heads.append(head(Curve(course.end, course.control, course.start), size))
    return Strand("wal", course.path, max(thick * 0.2, 1.3), tuple(heads))


def _is_eastwards(a: Marker, b: Marker) -> bool:
    return (a.at.x, a.at.y) <= (b.at.x, b.at.y)


def _eastwards(a: Marker, b: Marker) -> Curve:
    return way(a, b) if _is_eastwards(a, b) else way(b, a)
