"""What each lost region leaves: one small map and three verdicts a case."""

from __future__ import annotations

from dataclasses import dataclass

from operations.report.model import Ability, Loss, Plan
from operations.report.scene import Scene
from operations.report.world_map import PHONE, draw, rtt_words, winner_of


@dataclass(frozen=True)
class Verdict:
    service: str
    ability: Ability


@dataclass(frozen=True)
class Move:
    """A location whose users change region, `to` being empty where none is left."""

    location: str
    origin: str
    to: str
    rtt: str


@dataclass(frozen=True)
class Case:
    """One lost region, `title` its name; `scene` is None where the region has no place on the map."""

    code: str
    title: str
    place: str
    scene: Scene | None
    verdicts: tuple[Verdict, ...]
    moves: tuple[Move, ...]
    staying: int


def cases(plan: Plan) -> tuple[Case, ...]:
    """One case a row of the quorum table, in its order."""
    return tuple(_case(plan, loss) for loss in plan.quorum)


def _case(plan: Plan, loss: Loss) -> Case:
    region = next((region for region in plan.regions if region.code == loss.lost), None)
    locations = plan.steering.locations if plan.steering else ()
    moves = []
    for location in locations:
        to = winner_of(plan, location, (loss.lost,))
        origin = winner_of(plan, location, ())
        if to != origin:
            moves.append(Move(location.name, origin, to, rtt_words(location, to)))
    abilities = (("PostgreSQL", loss.postgresql), ("MongoDB", loss.mongodb), ("K3s", loss.k3s))
    return Case(
        code=loss.lost,
        title=(region.name if region else "") or loss.lost,
        place=", ".join(part for part in (region.place, region.country) if part) if region else "",
        scene=draw(plan, PHONE, (loss.lost,)) if region and region.longitude is not None else None,
        verdicts=tuple(Verdict(service, ability) for service, ability in abilities if ability is not None),
        moves=tuple(moves),
        staying=len(locations) - len(moves),
    )
