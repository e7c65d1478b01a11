"""`openova switchover` and `openova failover`: the edit of the record, carried out in the order that loses least."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.markup import escape

from operations.authority import steps
from operations.authority.change import CONSOLE, Afterwards, agreed, changing
from operations.authority.evidence import witness
from operations.authority.notice import Notice, done, telling
from operations.authority.witnessed import Witnessed
from operations.edge.carry import carrying_out
from operations.findings.model import Report
from operations.findings.show import show
from operations.status.databases import Seen, look, observe
from operations.status.judge import PLATFORM, judge
from settings.platform import Platform


def switchover(
    root: Path, to: str, kubeconfigs: Sequence[str], *, store: Path | None, yes: bool, afterwards: Afterwards
) -> bool:
    """Moves the writes to `to`; nothing is lost. True where it writes at the end.

    A precondition that does not hold changes nothing. Raises SettingsError, StoppedError.
    """
    with changing(root, to, "switchover", kubeconfigs, store) as change, telling(change) as notice:
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
        with carrying_out(lambda: change.edge, change.platform, notice.hearing(turn.say)):
            steps.wait_for_writes(turn, to)
        notice.head, notice.loss = done(change), "none"
        notice.then = ("openova status",)
    _bring_up(root, change.platform, change.left(previous, to), f"{to} writes.", afterwards=afterwards)
    return True


def failover(
    root: Path,
    to: str,
    kubeconfigs: Sequence[str],
    *,
    store: Path | None,
    yes: bool,
    afterwards: Afterwards,
    database_only: bool = False,
) -> bool:
    """Lets `to` write without the region that does, which is lost. True where it writes at the end.

    `database_only`: that its servers answer is no sign that its database does. Raises SettingsError, StoppedError.
    """
    with changing(root, to, "failover", kubeconfigs, store) as change, telling(change) as notice:
        if not change.due():
            return False
        if change.begins:
            lost = change.platform.authority.primary
            seen, found = witness(change, lost, database_only=database_only)
            if not _is_lost(found, lost, notice, to) or not _can_take_over(seen, to):
                return False
            notice.loss = f"what {lost} had not sent yet; {loss(seen, to)}"
            if not agreed(yes, f"Let {to} write without {lost}? What {lost} had not sent yet is lost."):
                return False
            change.write(discard=lost)
        turn, lost = change.turn(), change.previous
        with carrying_out(lambda: change.edge, change.platform, notice.hearing(turn.say)):
            claimed = steps.claim_record(turn)
            with ThreadPoolExecutor(1) as beside:  # a region that is silent takes its time
                beside.submit(steps.fence, turn, lost)
                steps.wait_for_silence(turn, lost, claimed, lambda nodes: _powered_off(nodes, lost, yes))
                steps.promote(turn, to, None)
                steps.wait_for_writes(turn, to)
        notice.head, notice.loss = done(change), notice.loss or "not known: the command was run again"
        notice.then = (f"openova rejoin --region {lost}, when it is back",)
    CONSOLE.print(f"The copy of {lost} is discarded. When {lost} is back: openova rejoin --region {lost}")
    _bring_up(root, change.platform, change.left(to, but=lost), f"{to} writes.", afterwards=afterwards)
    return True


def _bring_up(root: Path, platform: Platform, stacks: Sequence[str], done: str, *, afterwards: Afterwards) -> None:
    # Pulumi's SDK takes a second to load: the writes are moved before that.
    from operations.authority.rest import bring_up

    bring_up(root, platform, stacks, done, afterwards=afterwards)


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


def _is_lost(found: Sequence[Witnessed], lost: str, notice: Notice, to: str) -> bool:
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
        if all(each.of == "servers" for each in alive):
            CONSOLE.print(
                f"Its servers answer there, its database nowhere. Where you know that it is the database that is lost: "
                f"openova failover --to {to} --database-only"
            )
        notice.head = f"failover to {to} REFUSED, nothing was changed: is {lost} lost? The places do not agree"
        notice.lines += [f"{each.place}: {each.seen}" for each in found]
    return False


def _can_take_over(seen: Sequence[Seen], to: str) -> bool:
    region = next(each for each in seen if each.code == to)
    if region.silence:
        CONSOLE.print(f"{to} does not answer: {escape(region.silence)}. Nothing was changed.")
        return False
    CONSOLE.print(f"  {to} has applied everything that it received; {loss(seen, to)}. What came after is lost.")
    return True


def loss(seen: Sequence[Seen], to: str) -> str:
    """What is known of what was not sent yet: how old the last row is, and the sender's last word."""
    state = next(each for each in seen if each.code == to).state
    heard, applied = state.get("heard"), state.get("applied")
    age = "its last row is of an unknown age" if applied is None else f"its last row is {applied} s old"
    return f"{age}{'' if heard is None else f', the sender was heard {heard} s ago'}"


def _powered_off(nodes: Sequence[str], lost: str, yes: bool) -> bool:
    CONSOLE.print(f"[yellow]Waiting proves nothing about {lost}:[/]")
    for node in nodes:
        CONSOLE.print(f"  {escape(node)}")
    return agreed(yes, f"Are the servers of {lost} switched off, or out of everybody's reach?")
