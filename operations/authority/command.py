"""`openova switchover` and `openova failover`: the edit of the record, carried out in the order that loses least."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from operations.access import clusters_of
from operations.authority import steps
from operations.authority.edit import set_record
from operations.authority.evidence import Witnessed, witness
from operations.authority.store import store_of
from operations.epoch import EpochStore, StoreError
from operations.findings.model import Report
from operations.findings.show import show
from operations.status.databases import Seen, observe
from operations.status.judge import judge
from operations.stopped import StoppedError
from settings.loader import Project, inspect_project
from settings.problems import Problem, SettingsError
from settings.project import read_project

CONSOLE = Console(highlight=False, soft_wrap=True)


def switchover(root: Path, to: str, kubeconfigs: Sequence[str], *, store: Path | None, yes: bool) -> bool:
    """Moves the writes to `to`; nothing is lost. True where it writes at the end.

    A precondition that does not hold changes nothing. Raises SettingsError.
    """
    project = project_of(root)
    _check(project, to)
    authority = project.platform.authority
    with _told(), clusters_of(root, project.platform.site_codes, kubeconfigs) as clusters:
        records = store_of(root, project.platform, store)
        if authority.primary != to:
            seen = observe(project.platform, clusters)
            if not (_current(project, records) and _fit(project, seen, to)):
                return False
            if not agreed(yes, f"Move the writes from {authority.primary} to {to}?"):
                return False
            record = _record(project, to, "switchover")
            set_record(root, record)
            project = project_of(root)
            CONSOLE.print(f"Pulumi.yaml has epoch {record['epoch']}: {to} is to write")
        elif authority.change != "switchover" or authority.previous is None:
            CONSOLE.print(f"{to} is the writer of the settings already. Nothing was changed.")
            return False
        previous = str(project.platform.authority.previous)
        turn = steps.Turn(project.platform, clusters, records, timed())
        if not next(seen for seen in observe(project.platform, clusters) if seen.code == to).writes:
            steps.demote(turn, previous)
            token = steps.token_of(turn, previous)
            steps.claim_record(turn)
            steps.promote(turn, to, token)
        steps.wait_for_writes(turn, to)
    _next([previous, to, *_others(project, previous, to)], "switchover")
    return True


def failover(root: Path, to: str, kubeconfigs: Sequence[str], *, store: Path | None, yes: bool) -> bool:
    """Lets `to` write without the region that does, which is lost. True where it writes at the end.

    Raises SettingsError.
    """
    project = project_of(root)
    _check(project, to)
    authority = project.platform.authority
    with _told(), clusters_of(root, project.platform.site_codes, kubeconfigs) as clusters:
        records = store_of(root, project.platform, store)
        if authority.primary != to:
            lost = authority.primary
            seen = observe(project.platform, clusters)
            found = witness(project.platform, project.stacks, clusters, seen, lost)
            if not (_current(project, records) and _is_lost(found, lost) and _can_take_over(seen, to)):
                return False
            if not agreed(yes, f"Let {to} write without {lost}? What {lost} had not sent yet is lost."):
                return False
            record = _record(project, to, "failover")
            copies = {lost: {"generation": record["epoch"], "cloneFrom": to}}
            drained = tuple(dict.fromkeys((*project.platform.edge.drained, lost)))
            set_record(root, record, copies=copies, drained=drained)
            project = project_of(root)
            CONSOLE.print(f"Pulumi.yaml has epoch {record['epoch']}: {to} is to write, {lost} is out of traffic")
        elif authority.change != "failover" or authority.previous is None:
            CONSOLE.print(f"{to} is the writer of the settings already. Nothing was changed.")
            return False
        lost = str(project.platform.authority.previous)
        turn = steps.Turn(project.platform, clusters, records, timed())
        claimed = steps.claim_record(turn)
        steps.wait_for_silence(turn, lost, claimed, lambda nodes: _powered_off(nodes, lost, yes))
        steps.promote(turn, to, None)
        steps.wait_for_writes(turn, to)
    _next([to, *_others(project, lost, to)], "failover")
    CONSOLE.print(f"  {lost}: its copy is discarded. When it is back: openova rejoin --region {lost}")
    return True


def project_of(root: Path) -> Project:
    """The settings of all stacks. Raises SettingsError."""
    return inspect_project(read_project(root)).project()


def _check(project: Project, to: str) -> None:
    platform = project.platform
    problems = []
    if to not in platform.codes:
        rule = f"There is no region {to!r}; the regions are {', '.join(platform.codes)}."
        problems.append(Problem("(command line)", "--to", rule, "Nobody would write.", "Name one of them."))
    if platform.phase != "read-replicas":
        rule = f"In phase {platform.phase} no region takes the writes over from another."
        problems.append(Problem("Pulumi.yaml", "openova:phase", rule, "There is nothing to move.", "See docs."))
    if problems:
        raise SettingsError(problems)


def _record(project: Project, to: str, change: str) -> dict[str, Any]:
    authority = project.platform.authority
    return {"primary": to, "previous": authority.primary, "epoch": authority.epoch + 1, "change": change}


def _current(project: Project, store: EpochStore | None) -> bool:
    """Whether the settings know of the last change that the record has."""
    standing = store.read() if store is not None else None
    authority = project.platform.authority
    if standing is None or (standing.record.epoch, standing.record.primary) == (authority.epoch, authority.primary):
        return True
    CONSOLE.print(
        f"The record outside the regions has epoch {standing.record.epoch}, {standing.record.primary} writes; "
        f"Pulumi.yaml has epoch {authority.epoch}, {authority.primary} writes. One of them does not know of the last "
        f"change. Bring Pulumi.yaml up to date (git pull), or finish that change. Nothing was changed."
    )
    return False


def _fit(project: Project, seen: Sequence[Seen], to: str) -> bool:
    """Whether both regions are as a switchover wants them; else what is wrong is shown."""
    wanted = (project.platform.authority.primary, to, "platform")
    checks = tuple(
        check
        for check in judge(project.platform, seen)
        if check.where in wanted and check.name != "backup" and check.status in ("fail", "unknown")
    )
    if not checks:
        return True
    show(Report(checks), CONSOLE)
    CONSOLE.print("A switchover wants both regions well. Nothing was changed.")
    return False


def _is_lost(found: Sequence[Witnessed], lost: str) -> bool:
    for each in found:
        CONSOLE.print(f"  {'alive' if each.alive else 'silent':7}{each.place}: {escape(each.seen)}")
    alive = [each for each in found if each.alive]
    if not alive:
        return True
    if len(alive) == len([each for each in found if "public" not in each.place]):
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


def agreed(yes: bool, question: str) -> bool:
    """Whether the person at the terminal agrees, or said so beforehand."""
    if yes:
        return True
    if not sys.stdin.isatty():
        CONSOLE.print(f"{question} Nobody is here to answer; --yes says so beforehand. Nothing was changed.")
        return False
    return CONSOLE.input(escape(f"{question} [y/N] ")).strip().lower() in ("y", "yes")


def _others(project: Project, *named: str) -> list[str]:
    return [code for code in project.platform.codes if code not in named]


def _next(order: Sequence[str], change: str) -> None:
    CONSOLE.print(f"The {change} is done. It is the edit of Pulumi.yaml and these, which have no more to do:")
    for stack in (*order, "global"):
        CONSOLE.print(f"  pulumi up --stack {stack}")


def timed() -> Callable[[str], None]:
    """Prints what was done, with the seconds since now."""
    begun = time.monotonic()
    return lambda text: CONSOLE.print(f"{time.monotonic() - begun:6.1f} s  {escape(text)}")


@contextmanager
def _told() -> Iterator[None]:
    """A store that refused is told like a step that stopped."""
    try:
        yield
    except StoreError as error:
        raise StoppedError(f"The record could not be read or written: {error} Run the same command again.") from None
