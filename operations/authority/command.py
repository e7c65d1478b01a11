"""`openova switchover` and `openova failover`: the edit of the record, carried out in the order that loses least."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from operations.authority import steps
from operations.authority.change import CONSOLE, agreed, changing
from operations.authority.evidence import Witnessed, witness
from operations.authority.rest import bring_up
from operations.findings.model import Report
from operations.findings.show import show
from operations.status.databases import Seen, look, observe
from operations.status.judge import PLATFORM, judge
from settings.platform import Platform


def switchover(
    root: Path, to: str, kubeconfigs: Sequence[str], *, store: Path | None, yes: bool, with_pulumi: bool
) -> bool:
    """Moves the writes to `to`; nothing is lost. True where it writes at the end.

    A precondition that does not hold changes nothing. Raises SettingsError, StoppedError.
    """
    with changing(root, to, "switchover", kubeconfigs, store) as change:
        if not change.due():
            return False
        if change.begins:
            writer = change.platform.authority.primary
            if not _fit(change.platform, observe(change.platform, change.clusters), to):
                return False
            if not agreed(yes, f"Move the writes from {writer} to {to}?"):
                return False
            change.write()
        turn, previous = change.turn(), change.previous
        if not look(change.platform, change.clusters[to]).writes:
            steps.demote(turn, previous)
            token = steps.token_of(turn, previous)
            steps.claim_record(turn)
            steps.promote(turn, to, token)
        steps.wait_for_writes(turn, to)
    bring_up(root, change.platform, change.left(previous, to), f"{to} writes.", with_pulumi=with_pulumi)
    return True


def failover(
    root: Path, to: str, kubeconfigs: Sequence[str], *, store: Path | None, yes: bool, with_pulumi: bool
) -> bool:
    """Lets `to` write without the region that does, which is lost. True where it writes at the end.

    Raises SettingsError, StoppedError.
    """
    with changing(root, to, "failover", kubeconfigs, store) as change:
        if not change.due():
            return False
        if change.begins:
            lost = change.platform.authority.primary
            seen = observe(change.platform, change.clusters)
            found = witness(change.platform, change.project.stacks, change.clusters, seen, lost)
            if not (_is_lost(found, lost) and _can_take_over(seen, to)):
                return False
            if not agreed(yes, f"Let {to} write without {lost}? What {lost} had not sent yet is lost."):
                return False
            change.write(discard=lost)
        turn, lost = change.turn(), change.previous
        claimed = steps.claim_record(turn)
        steps.wait_for_silence(turn, lost, claimed, lambda nodes: _powered_off(nodes, lost, yes))
        steps.promote(turn, to, None)
        steps.wait_for_writes(turn, to)
    CONSOLE.print(f"The copy of {lost} is discarded. When {lost} is back: openova rejoin --region {lost}")
    bring_up(root, change.platform, change.left(to, but=lost), f"{to} writes.", with_pulumi=with_pulumi)
    return True


def _fit(platform: Platform, seen: Sequence[Seen], to: str) -> bool:
    """Whether both regions are as a switchover wants them; else what is wrong is shown."""
    wanted = (platform.authority.primary, to, PLATFORM)
    checks = tuple(
        check
        for check in judge(platform, seen)
        if check.where in wanted and check.name != "backup" and check.status in ("fail", "unknown")
    )
    if not checks:
        return True
    show(Report(checks), CONSOLE)
    CONSOLE.print("A switchover wants both regions well. Nothing was changed.")
    return False


def _is_lost(found: Sequence[Witnessed], lost: str) -> bool:
    for each in found:
        word = "" if each.alive is None else "alive" if each.alive else "silent"
        CONSOLE.print(f"  {word:7}{each.place}: {escape(each.seen)}")
    alive = [each for each in found if each.alive]
    if not alive:
        return True
    if all(each.alive is not False for each in found):
        CONSOLE.print(f"{lost} is not lost. Use openova switchover. Nothing was changed.")
    else:
        CONSOLE.print(
            f"They do not agree: {lost} is alive at {alive[0].place}. It may go on writing while another region does. "
            "Mend the road between them, or switch its servers off; then run this again. Nothing was changed."
        )
    return False


def _can_take_over(seen: Sequence[Seen], to: str) -> bool:
    region = next(each for each in seen if each.code == to)
    if region.silence:
        CONSOLE.print(f"{to} does not answer: {escape(region.silence)}. Nothing was changed.")
        return False
    heard, applied = region.state.get("heard"), region.state.get("applied")
    CONSOLE.print(
        f"  {to} has applied everything that it received; its last row is "
        f"{'unknown' if applied is None else f'{applied} s old'}"
        f"{'' if heard is None else f', the sender was heard {heard} s ago'}. What came after is lost."
    )
    return True


def _powered_off(nodes: Sequence[str], lost: str, yes: bool) -> bool:
    CONSOLE.print(f"[yellow]Waiting proves nothing about {lost}:[/]")
    for node in nodes:
        CONSOLE.print(f"  {escape(node)}")
    return agreed(yes, f"Are the servers of {lost} switched off, or out of everybody's reach?")
