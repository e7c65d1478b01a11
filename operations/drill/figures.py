"""A drill that was played, as a document: figures, goals, and what to draw. Pure but for what it is given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from operations.drill import measure
from operations.drill.catalogue import Scenario
from operations.drill.played import Played
from operations.drill.stage import Stage

LOSSES: Final = frozenset({"region-loss", "isolated-region"})
"""Scenarios in which the writing region is lost."""

TIGHT: Final = {"writes stopped": 10.0, "rto": 60.0, "decision": 15.0, "rpo": 1.0, "pod": 60.0}
"""Seconds: a planned switchover, a region's loss from the loss itself, the same from the decision, what is lost of the
writes, and a pod's replacement within its region. The first four are the platform's own promises."""


@dataclass(frozen=True)
class Goal:
    """Something that a drill has to show. `limit` None: `value` has to be true."""

    name: str
    value: Any
    limit: float | None
    unit: str = "s"

    @property
    def met(self) -> bool:
        """Whether it was shown."""
        return bool(self.value) if self.limit is None else self.value is not None and self.value <= self.limit


@dataclass(frozen=True)
class Setting:
    """Where it was played: what a figure says nothing without."""

    mode: str
    lab: bool
    round_trip_ms: int | None
    version: str


def document(stage: Stage, played: Played, scenario: Scenario, rows: Mapping[str, frozenset[int]],
             setting: Setting) -> dict[str, Any]:  # fmt: skip
    """The whole drill as JSON values. `rows` are those that the writer has at the end. Seconds count from `begun`."""
    old, new = stage.name(stage.writer), stage.name(stage.other)
    writes = stage.writes
    gone = measure.lost(writes, rows)
    both = measure.twice(writes, old, new, played.fault) if played.turned else measure.Twice(0.0, 0)
    found = measure.pauses(writes, stage.begun, stage.ended)
    after = [pause for pause in found if pause.at + pause.seconds > played.fault]
    figures = {
        "acknowledged": sum(1 for write in writes if write.cluster),
        "lostRows": gone.rows,
        "lostSeconds": _round(gone.seconds),
        "rtoSeconds": _round(None if played.written is None else played.written - played.fault),
        "decisionToWriteSeconds": _round(
            None if played.written is None or played.decided is None else played.written - played.decided
        ),
        "waitedForLeaseSeconds": _round(waited_for_lease(stage)) if played.turned else None,
        "longestPauseSeconds": _round(max((pause.seconds for pause in after), default=0.0)),
        "bothWroteSeconds": _round(both.seconds),
        "doublyWrittenRows": both.rows,
        "wholeLogs": {code: source.events.whole for code, source in stage.sources.items()},
        "latency": _latency(stage, played),
    }
    reads = {code: _reading(stage, code) for code in stage.sources}
    goals = [*_goals(scenario.name, stage, played, figures, reads, setting)]
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "at": datetime.fromtimestamp(stage.begun, UTC).isoformat(timespec="seconds"),
        **asdict(setting),
        "writer": stage.writer,
        "other": stage.other,
        "rate": {**asdict(stage.rate), "regions": [*stage.sources]},
        "passed": all(goal.met for goal in goals),
        "rto": figures["rtoSeconds"],
        "rpo_rows": gone.rows,
        "goals": [{**asdict(goal), "met": goal.met} for goal in goals],
        "figures": figures,
        "reads": reads,
        "edge": {place: _asking(stage, place, played.fault) for place in stage.users.asks},
        "pauses": [{"at": _round(pause.at - stage.begun), "seconds": _round(pause.seconds)} for pause in found],
        "marks": [{"at": _round(at - stage.begun), "text": text} for at, text in stage.marks],
        "commands": [
            {"command": ran.command, "at": _round(ran.begun - stage.begun), "seconds": _round(ran.ended - ran.begun),
             "code": ran.code, "said": [[_round(at - ran.begun), text] for at, text in ran.lines]}
            for ran in stage.operator.ran
        ],
        "series": series(stage),
    }  # fmt: skip


_WAITED: Final = re.compile(r"is waited for, (\d+) s")


def waited_for_lease(stage: Stage) -> float:
    """How long the last failover waited until the lost region's leave to write had ended: what it said that it would
    wait, or less, where it went on before."""
    lines = next((ran.lines for ran in reversed(stage.operator.ran) if "failover" in ran.command), ())
    return sum(
        min(float(found.group(1)), then - at)
        for (at, text), (then, _) in pairwise(lines)
        if (found := _WAITED.search(text))
    )


def _goals(
    name: str, stage: Stage, played: Played, figures: Mapping[str, Any], reads: Mapping[str, Any], setting: Setting
) -> Iterator[Goal]:
    yield Goal("rows were written", figures["acknowledged"] > 0, None, "")
    if setting.mode != "continue":
        yield Goal("both regions wrote at one time", figures["bothWroteSeconds"], 0.0)
        yield Goal("rows that only the lost region has, written after the other wrote", figures["doublyWrittenRows"],
                   0, "rows")  # fmt: skip
    if name in LOSSES:
        yield Goal("from the loss to the first row (RTO)", figures["rtoSeconds"], TIGHT["rto"])
        spent = figures["decisionToWriteSeconds"] - figures["waitedForLeaseSeconds"]
        yield Goal("from the decision to the first row, without the wait for the lease", round(spent, 2),
                   TIGHT["decision"])  # fmt: skip
        if name == "region-loss":
            yield Goal("writes lost (RPO)", figures["lostSeconds"], TIGHT["rpo"])
        elif setting.mode == "fence":
            lease = stage.platform.guard.ttl + stage.platform.guard.margin
            yield Goal("writes lost: what the lost region took until its leave to write ended",
                       figures["lostSeconds"], lease)  # fmt: skip
        yield Goal(f"reads failed in {stage.other}", reads[stage.other]["failed"], 0, "reads")
    else:
        yield Goal("acknowledged rows lost", figures["lostRows"], 0, "rows")
    if name == "switchover":
        yield Goal("writes stopped", figures["longestPauseSeconds"], TIGHT["writes stopped"])
    if name == "primary-kill":
        yield Goal("writes stopped", figures["longestPauseSeconds"], TIGHT["pod"])
    for text, holds in played.checks:
        yield Goal(text, holds, None, "")


def _latency(stage: Stage, played: Played) -> dict[str, Any]:
    """Median and 99th percentile in milliseconds, by region: before the fault, and from it to the end."""
    told = {}
    for code, source in stage.sources.items():
        before = measure.took(source.events.writes, stage.begun, played.fault)
        since = measure.took(source.events.writes, played.fault, stage.ended)
        told[code] = {"beforeMs": [round(each * 1000) for each in before], "sinceMs": [round(s * 1000) for s in since]}
    return told


def _reading(stage: Stage, code: str) -> dict[str, Any]:
    reads = stage.reads(code)
    begun = max(stage.begun, min((read.ended for read in reads), default=stage.begun))
    found = measure.reading(reads, begun, stage.ended)
    return {"asked": found.asked, "failed": found.failed, "askedTwice": found.twice,
            "availability": round(found.availability, 5), "longestGapSeconds": _round(found.longest)}  # fmt: skip


def _asking(stage: Stage, place: str, fault: float) -> dict[str, Any]:
    """Requests of one place since the fault, the failed ones, and who answered how many."""
    asked = stage.users.of(place, fault, stage.ended)
    return {
        "asked": len(asked),
        "failed": sum(1 for each in asked if not each.good),
        "answeredBy": dict(Counter(each.region or "the edge" for each in asked if each.good)),
    }


def series(stage: Stage) -> dict[str, Any]:
    """What is drawn, a number a second: rows that each database took, reads answered and failed from each region."""
    seconds = int(stage.ended - stage.begun) + 1

    def counted(times: list[float]) -> list[int]:
        bins = [0] * seconds
        for at in times:
            if 0 <= (number := int(at - stage.begun)) < seconds:
                bins[number] += 1
        return bins

    writes = stage.writes
    databases = {stage.name(code): code for code in (stage.writer, stage.other)}
    return {
        "writes": {code: counted([w.ended for w in writes if w.cluster == name]) for name, code in databases.items()},
        "reads": {code: counted([r.ended for r in stage.reads(code) if r.cluster]) for code in stage.sources},
        "users": {
            place: counted([u.ended for u in stage.users.asked if u.good and u.place == place])
            for place in stage.users.asks
        },
        "failedUsers": {
            place: counted([u.ended for u in stage.users.asked if not u.good and u.place == place])
            for place in stage.users.asks
        },
        "failedReads": {code: counted([r.ended for r in stage.reads(code) if not r.cluster]) for code in stage.sources},
    }


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
