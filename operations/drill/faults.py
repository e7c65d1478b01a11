"""Scenarios that the platform bears without anybody moving the writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from components.edge.steering import worst_case_detection_seconds
from operations.drill.measure import pauses
from operations.drill.played import Played, well
from operations.drill.stage import Stage
from operations.status.judge import LATE_SECONDS

WRITE_SECONDS: Final = 180.0
SILENT_SECONDS: Final = LATE_SECONDS + 3
"""After which a link that is cut is told from one that is slow."""

BROKEN_SECONDS: Final = 25.0
"""How long a thing stays broken that nobody has to act upon."""

SETTLED_SECONDS: Final = 10.0
STREAM_SECONDS: Final = 120.0


def link_cut(stage: Stage) -> Played:
    """The regions do not reach each other; both are well. A failover must be refused."""
    return _borne(stage, "the link is cut", lambda: stage.hands.cut_link(stage.writer, stage.other))


def api_hang(stage: Stage) -> Played:
    """The writer's API server hangs, its database does not. A failover must be refused."""
    return _borne(stage, f"the API of {stage.writer} hangs", lambda: stage.hands.hang_api(stage.writer))


def _borne(stage: Stage, text: str, break_it: Callable[[], None]) -> Played:
    stage.start(stage.writer, stage.other)
    played = Played(stage.mark(text))
    break_it()
    stage.hold(SILENT_SECONDS)
    played.check("openova status tells that something is wrong", stage.command("openova status").code == 1)
    before = stage.authority()
    refused = stage.command(f"openova failover --to {stage.other}")
    played.check("openova failover is refused", refused.code == 1 and "Nothing was changed" in refused.said)
    played.check("the settings are as before", stage.authority() == before)
    stage.hold(max(0.0, BROKEN_SECONDS - (refused.ended - played.fault)))
    stage.mark("it is mended")
    stage.hands.heal()
    stage.wait(lambda: stage.follows(stage.other), STREAM_SECONDS, f"{stage.other} does not follow again")
    stage.hold(5)
    played.check("openova status calls the platform well", well(stage))
    return played


def primary_kill(stage: Stage) -> Played:
    """The pod that writes is killed; CloudNativePG promotes another one of the same region."""
    stage.start(stage.writer, stage.other)
    leader = stage.look(stage.writer).leader
    played = Played(stage.mark(f"{leader} is killed"))
    namespace = f"--namespace={stage.platform.postgres.namespace}"
    stage.clusters[stage.writer].kubectl(
        "delete", "pod", leader, namespace, "--grace-period=0", "--force", "--wait=false"
    )
    stage.wait(lambda: stage.look(stage.writer).leader not in ("", leader), WRITE_SECONDS, "No other pod took over")
    stage.wait_for_write(stage.writer, time.time(), WRITE_SECONDS)
    # The killed one goes on for a moment: the writes are back where the longest silence ends.
    silence = max(pauses(stage.writes, played.fault, time.time()), key=lambda pause: pause.seconds, default=None)
    if silence is not None:
        played.written = stage.mark("another pod writes", silence.at + silence.seconds)
    stage.hold(BROKEN_SECONDS)
    stage.hands.bring_up()
    played.check("another pod of the region writes", stage.look(stage.writer).leader != leader)
    played.check("openova status calls the platform well", well(stage))
    return played


def edge_failure(stage: Stage) -> Played:
    """The edge does not reach the writing region any more; everything else is well."""
    stage.start(stage.writer, stage.other)
    stage.hold(SETTLED_SECONDS)
    monitor = stage.platform.edge.monitor
    seconds = worst_case_detection_seconds(interval=monitor.interval, timeout=monitor.timeout, retries=monitor.retries)
    played = Played(stage.mark(f"the edge does not reach {stage.writer}"))
    stage.hands.cut_edge(stage.writer)
    noticed = played.fault + seconds
    stage.hold(seconds + BROKEN_SECONDS)
    stage.command("openova status")
    mended = stage.mark("it is mended")
    stage.hands.heal()
    there = stage.platform.region(stage.other).name
    for place in stage.users.asks:
        then = stage.users.of(place, noticed, mended)
        elsewhere = all(each.good and each.region in (there, "") for each in then)
        played.check(
            f"{place}: after {seconds:.0f} s every request is answered by {stage.other}", bool(then) and elsewhere
        )
    stage.hold(2 * seconds)
    for place in stage.users.asks:
        last = stage.users.of(place, time.time() - SETTLED_SECONDS, time.time())
        played.check(f"{place}: in the end every request is answered", bool(last) and all(each.good for each in last))
    played.check("openova status calls the platform well", well(stage))
    return played


def slow_disk(stage: Stage) -> Played:
    """The disk under the pod that writes takes few writes a second."""
    stage.start(stage.writer, stage.other)
    leader = stage.look(stage.writer).leader
    namespace = f"--namespace={stage.platform.postgres.namespace}"
    node = stage.clusters[stage.writer].kubectl("get", "pod", leader, namespace, "--output=jsonpath={.spec.nodeName}")
    played = Played(stage.mark(f"the disk of {node} gets slow"))
    stage.hands.slow_disk(stage.writer, node)
    stage.hold(BROKEN_SECONDS)
    stage.command("openova status")
    stage.mark("it is mended")
    stage.hands.heal()
    stage.hold(10)
    played.check("the same pod writes", stage.look(stage.writer).leader == leader)
    played.check("openova status calls the platform well", well(stage))
    return played
