"""`openova drill`: one scenario or several, played in the lab or on a real pair, each with its evidence."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from operations.access import Cluster, clusters_of
from operations.drill.catalogue import SCENARIOS, Scenario
from operations.drill.figures import Setting, document
from operations.drill.hands import Hands
from operations.drill.load import Rate, stopped
from operations.drill.operator import Operator
from operations.drill.picture import picture
from operations.drill.scenes import SCENES
from operations.drill.stage import Stage, regions_of
from operations.drill.users import Ask, Users
from operations.status.databases import observe
from settings.loader import load_project
from settings.platform import Platform
from settings.problems import Problem, SettingsError

CONSOLE: Final = Console(highlight=False, soft_wrap=True, emoji=False)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where drills are played. `image` is the ledger's; `users` ask the edge; `round_trip_ms` is known in the lab."""

    root: Path
    kubeconfigs: Sequence[str]
    store: Path | None
    image: str
    hands: Hands
    lab: bool
    pulumi: bool
    users: Mapping[str, Ask] = field(default_factory=dict)
    round_trip_ms: int | None = None


def chosen(names: Sequence[str]) -> list[Scenario]:
    """The scenarios by their names, in the order in which they were named. Raises SettingsError with all wrong ones."""
    known = {scenario.name: scenario for scenario in SCENARIOS if scenario.name in SCENES}
    problems = [
        Problem("(command line)", "SCENARIO", f"There is no scenario {name!r}; there are {', '.join(known)}.",
                "Nothing was broken.", "Name one of them.")
        for name in names if name not in known
    ]  # fmt: skip
    if problems:
        raise SettingsError(problems)
    return [known[name] for name in names]


def drills(place: Place, scenarios: Sequence[Scenario], rate: Rate, out: Path, *, as_json: bool) -> bool:
    """Plays one after the other, writes the evidence of each into `out`, and tells whether all passed.

    One that missed a goal is told and the next is played; one that could not be played to its end raises StoppedError.
    Raises SettingsError.
    """
    say: Callable[[str], None] = (lambda text: None) if as_json else _timed()
    documents = []
    with clusters_of(place.root, load_project(place.root).platform.codes, place.kubeconfigs) as clusters:
        for number, scenario in enumerate(scenarios, 1):
            say(f"-- {scenario.title} ({number} of {len(scenarios)})")
            told = _one(place, scenario, rate, clusters, say)
            documents.append(told)
            name = write(told, out)
            if not as_json:
                _show(told, name)
    if as_json:
        CONSOLE.print_json(json.dumps([{**told, "series": None} for told in documents]))
    return all(told["passed"] for told in documents)


def _one(
    place: Place, scenario: Scenario, rate: Rate, clusters: Mapping[str, Cluster], say: Callable[[str], None]
) -> dict[str, Any]:
    platform = load_project(place.root).platform
    writer, other = regions_of(platform, observe(platform, clusters))
    operator = Operator(place.root, place.kubeconfigs, place.store, place.pulumi, say)
    stage = Stage(
        root=place.root, clusters=clusters, hands=place.hands, operator=operator, image=place.image, rate=rate,
        run=time.strftime("%Y%m%d-%H%M%S", time.gmtime()), writer=writer, other=other,
        users=Users(place.users), say=say,
    )  # fmt: skip
    try:
        played = SCENES[scenario.name](stage)
        stage.finish()
        rows = stage.rows(stage.other if played.turned else stage.writer)
    except BaseException:
        # Whatever went wrong: nothing stays broken, and nothing goes on writing.
        place.hands.heal()
        stage.users.stop()
        stopped(stage.sources.values())
        raise
    return document(stage, played, scenario, rows, setting_of(place, platform))


def setting_of(place: Place, platform: Platform) -> Setting:
    """What the figures depend on."""

    mode = platform.guard.isolation if platform.guarded else "off"
    return Setting(mode, place.lab, place.round_trip_ms, metadata.version("openova"))


def write(told: Mapping[str, Any], out: Path) -> str:
    """The evidence as NAME.json and NAME.svg; gives the name."""
    out.mkdir(parents=True, exist_ok=True)
    at = str(told["at"]).replace("-", "").replace(":", "").replace("T", "-")[:15]
    name = f"{at}-{told['scenario']}-{told['mode']}"
    (out / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")
    (out / f"{name}.svg").write_text(picture(told))
    return str(out / name)


def _show(told: Mapping[str, Any], name: str) -> None:
    for goal in told["goals"]:
        mark = "[green]ok  [/]" if goal["met"] else "[red]off [/]"
        value = "" if goal["limit"] is None else f": {goal['value']} {goal['unit']} (at most {goal['limit']:g})"
        CONSOLE.print(f"  {mark} {escape(goal['name'])}{value}")
    figures = told["figures"]
    if figures["bothWroteSeconds"]:
        only, seconds = figures["doublyWrittenRows"], figures["bothWroteSeconds"]
        CONSOLE.print(
            f"  [bold red]both regions wrote for {seconds} s[/]: the lost one alone has {only} rows of that time"
        )
    CONSOLE.print(f"  {figures['acknowledged']} rows acknowledged, {figures['lostRows']} lost; evidence: {name}.json")


def _timed() -> Callable[[str], None]:
    begun = time.monotonic()
    return lambda text: CONSOLE.print(f"{time.monotonic() - begun:6.1f} s  {escape(text)}")
