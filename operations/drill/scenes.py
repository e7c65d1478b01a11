"""The scenarios, played: what breaks, what the operator does about it, and what must come of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from components.edge.steering import worst_case_detection_seconds
from operations.drill.stage import Stage
from operations.status.judge import LATE_SECONDS
from operations.stopped import StoppedError

FAILOVER_SECONDS: Final = 180.0
"""How long an operator asks again whether a region is lost."""

WRITE_SECONDS: Final = 180.0
AFTER_SECONDS: Final = 60.0
"""A promoted cluster restarts its instances once more half a minute later: a drill looks beyond that."""

SILENT_SECONDS: Final = LATE_SECONDS + 3
"""After which a link that is cut is told from one that is slow."""

BROKEN_SECONDS: Final = 25.0
"""How long a thing stays broken that nobody has to act upon."""

SETTLED_SECONDS: Final = 10.0

STREAM_SECONDS: Final = 120.0


@dataclass
class Played:
    """What a scenario did, in seconds since 1970.

    `fault` is when it broke (or the command was given), `decided` when the command was given that moved the writes,
    `written` when the new writer acknowledged its first row. `checks` are what else had to hold.
    """

    fault: float
    decided: float | None = None
    written: float | None = None
    turned: bool = False
    checks: list[tuple[str, bool]] = field(default_factory=list)

    def check(self, text: str, holds: bool) -> None:
        """Notes whether something held."""
        self.checks.append((text, holds))


def switchover(stage: Stage) -> Played:
    """Both regions are well, and the writes move."""
    stage.start(stage.writer, stage.other)
    before = stage.command("openova status")
    played = Played(stage.mark(f"openova switchover --to {stage.other}"), turned=True)
    played.check("openova status calls the platform well", before.code == 0)
    played.decided = played.fault
    ran = stage.command(f"openova switchover --to {stage.other}")
    _carried_out(ran.code, ran.said)
    played.written = stage.wait_for_write(stage.other, played.fault, WRITE_SECONDS)
    stage.mark(f"{stage.other} writes", played.written)
    stage.hold(AFTER_SECONDS)
    return played


def region_loss(stage: Stage) -> Played:
    """All servers of the writer lose power at one time."""
    stage.start(stage.writer, stage.other)
    fault = stage.mark(f"{stage.writer} loses power")
    stage.hands.power_off(stage.writer)
    return _failed_over(stage, fault)


def isolated_region(stage: Stage) -> Played:
    """The writer lives, and reaches nobody: its own applications could go on writing into it."""
    stage.start(stage.writer, stage.other)
    fault = stage.mark(f"{stage.writer} is cut off from everybody, and lives")
    stage.hands.isolate(stage.writer)
    played = _failed_over(stage, fault)
    stage.hands.heal()
    stage.mark("the roads are open again")
    stage.hold(BROKEN_SECONDS)
    return played


def _failed_over(stage: Stage, fault: float) -> Played:
    """The operator asks for a failover until it is not refused any more."""
    played = Played(fault, turned=True)
    deadline = fault + FAILOVER_SECONDS
    while True:
        played.decided = stage.mark(f"openova failover --to {stage.other}")
        ran = stage.command(f"openova failover --to {stage.other}", without=stage.writer)
        if ran.code == 0:
            break
        stage.marks[-1] = (played.decided, f"openova failover --to {stage.other}: refused")
        if played.decided > deadline or "Nothing was changed" not in ran.said:
            _carried_out(ran.code, ran.said)
    played.written = stage.wait_for_write(stage.other, fault, WRITE_SECONDS)
    stage.mark(f"{stage.other} writes", played.written)
    stage.hold(AFTER_SECONDS)
    return played


def returning_region(stage: Stage) -> Played:
    """The lost region comes back, by itself it takes no writes, and is cloned anew. `writer` is the one that writes."""
    back = stage.other
    stage.start(stage.writer)
    played = Played(stage.mark(f"{back} is back"))
    stage.hands.heal()
    stage.hands.power_on(back)
    stage.wait(lambda: not stage.look(back).silence, WRITE_SECONDS, f"{back} does not answer")
    stage.join(back, alone=True)
    stage.hold(BROKEN_SECONDS)
    stage.mark(f"openova rejoin --region {back}")
    ran = stage.command(f"openova rejoin --region {back}")
    if ran.code != 0 and "is gone" in ran.said:  # without Pulumi, making the new copy is left to others
        stage.hands.bring_up()
        ran = stage.command(f"openova rejoin --region {back}")
    _carried_out(ran.code, ran.said)
    stage.wait(lambda: stage.follows(back), STREAM_SECONDS, f"{back} does not follow")
    stage.mark(f"{back} follows")
    stage.hands.bring_up()
    played.check("openova status calls the platform well", _well(stage))
    tried = [write for write in stage.writes if write.region == back]
    played.check(f"{back} took none of {len(tried)} rows that were tried there",
                 bool(tried) and not any(write.cluster for write in tried))  # fmt: skip
    return played


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
    before = stage.platform.authority
    refused = stage.command(f"openova failover --to {stage.other}")
    played.check("openova failover is refused", refused.code == 1 and "Nothing was changed" in refused.said)
    played.check("the settings are as before", stage.platform.authority == before)
    stage.hold(max(0.0, BROKEN_SECONDS - (refused.ended - played.fault)))
    stage.mark("it is mended")
    stage.hands.heal()
    stage.wait(lambda: stage.follows(stage.other), STREAM_SECONDS, f"{stage.other} does not follow again")
    stage.hold(5)
    played.check("openova status calls the platform well", _well(stage))
    return played


def _well(stage: Stage) -> bool:
    """Within a minute: what was held back has to arrive first."""
    for _ in range(6):
        if stage.command("openova status").code == 0:
            return True
        stage.hold(10)
    return False


def primary_kill(stage: Stage) -> Played:
    """The pod that writes is killed; CloudNativePG promotes another one of the same region."""
    stage.start(stage.writer, stage.other)
    leader = stage.look(stage.writer).leader
    played = Played(stage.mark(f"{leader} is killed"))
    namespace = f"--namespace={stage.platform.postgres.namespace}"
    stage.clusters[stage.writer].kubectl(
        "delete", "pod", leader, namespace, "--grace-period=0", "--force", "--wait=false"
    )
    stage.hold(2)
    played.written = stage.wait_for_write(stage.writer, played.fault + 2, WRITE_SECONDS)
    stage.hold(BROKEN_SECONDS)
    stage.hands.bring_up()
    played.check("another pod of the region writes", stage.look(stage.writer).leader != leader)
    played.check("openova status calls the platform well", _well(stage))
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
    played.check("openova status calls the platform well", _well(stage))
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
    for place in stage.users.asks:
        then = stage.users.of(place, noticed, mended)
        elsewhere = all(each.good and each.region in (stage.other, "") for each in then)
        played.check(
            f"{place}: after {seconds:.0f} s every request is answered by {stage.other}", bool(then) and elsewhere
        )
    stage.hold(2 * seconds)
    for place in stage.users.asks:
        last = stage.users.of(place, time.time() - SETTLED_SECONDS, time.time())
        played.check(f"{place}: in the end every request is answered", bool(last) and all(each.good for each in last))
    played.check("openova status calls the platform well", _well(stage))
    return played


def _carried_out(code: int, said: str) -> None:
    if code != 0:
        raise StoppedError(f"The command failed, and with it the drill:\n{said}")


SCENES: Final[Mapping[str, Callable[[Stage], Played]]] = {
    "switchover": switchover,
    "region-loss": region_loss,
    "isolated-region": isolated_region,
    "returning-region": returning_region,
    "link-cut": link_cut,
    "api-hang": api_hang,
    "primary-kill": primary_kill,
    "edge-failure": edge_failure,
    "slow-disk": slow_disk,
}
