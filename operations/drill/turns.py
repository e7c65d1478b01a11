"""Scenarios in which the writes move, and the way back."""

from __future__ import annotations

from typing import Final

from operations.drill.played import Played, carried_out, well
from operations.drill.stage import Stage

FAILOVER_SECONDS: Final = 180.0
"""How long an operator asks again whether a region is lost."""

WRITE_SECONDS: Final = 180.0
AFTER_SECONDS: Final = 60.0
"""A promoted cluster restarts its instances once more half a minute later: a drill looks beyond that."""

BACK_SECONDS: Final = 25.0
"""How long a region that is back is watched before anybody does something about it."""

AGREED: Final = "Pulumi.yaml has epoch"
"""The first thing that a command says once the operator has agreed: everything before that is looking."""

STREAM_SECONDS: Final = 120.0
REJOIN_TRIES: Final = 4
"""A command that says to run it again is run again; deleting and copying may take longer than it waits."""


def switchover(stage: Stage) -> Played:
    """Both regions are well, and the writes move."""
    stage.start(stage.writer, stage.other)
    before = stage.command("openova status")
    played = Played(stage.mark(f"openova switchover --to {stage.other}"), turned=True)
    played.check("openova status calls the platform well", before.code == 0)
    ran = stage.command(f"openova switchover --to {stage.other}")
    carried_out(ran)
    played.decided = ran.heard(AGREED) or ran.begun
    played.written = stage.wait_for_write(stage.other, played.fault, WRITE_SECONDS)
    stage.mark(f"{stage.other} writes", played.written)
    stage.hold(AFTER_SECONDS)
    carried = stage.generations()
    stage.hands.bring_up()
    played.check("the program finds nothing to change in the Clusters", stage.generations() == carried)
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
    stage.hold(BACK_SECONDS)
    return played


def _failed_over(stage: Stage, fault: float) -> Played:
    """The operator asks for a failover until it is not refused any more."""
    played = Played(fault, turned=True)
    deadline = fault + FAILOVER_SECONDS
    while True:
        asked = stage.mark(f"openova failover --to {stage.other}")
        ran = stage.command(f"openova failover --to {stage.other}", without=stage.writer)
        if ran.code == 0:
            break
        stage.marks[-1] = (asked, f"openova failover --to {stage.other}: refused")
        if asked > deadline or "Nothing was changed" not in ran.said:
            carried_out(ran)
    played.decided = stage.mark("it is agreed to", ran.heard(AGREED) or ran.begun)
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
    stage.hold(BACK_SECONDS)
    stage.mark(f"openova rejoin --region {back}")
    for _ in range(REJOIN_TRIES):
        ran = stage.command(f"openova rejoin --region {back}")
        if ran.code == 0 or "again" not in ran.said:
            break
        if "is gone" in ran.said:  # without Pulumi, making the new copy is left to others
            stage.hands.bring_up()
    carried_out(ran)
    stage.wait(lambda: stage.follows(back), STREAM_SECONDS, f"{back} does not follow")
    stage.mark(f"{back} follows")
    stage.hands.bring_up()
    played.check("openova status calls the platform well", well(stage))
    tried = [write for write in stage.writes if write.region == back]
    played.check(f"{back} took none of {len(tried)} rows that were tried there",
                 bool(tried) and not any(write.cluster for write in tried))  # fmt: skip
    return played
