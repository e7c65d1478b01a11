"""What a switchover and a failover have in common: the settings, the record, and whether the change is due."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from operations.access import Cluster, clusters_of
from operations.authority import steps
from operations.authority.edit import set_record
from operations.authority.store import store_of
from operations.edge.access import edge_of
from operations.edge.model import EdgeAccess
from operations.epoch import EpochStore, StoreError
from operations.epoch.record import Change as Kind
from operations.stopped import StoppedError
from settings.loader import Project, load_project
from settings.naming import GLOBAL_STACK
from settings.platform import Platform
from settings.problems import Problem, SettingsError

CONSOLE = Console(highlight=False, soft_wrap=True, emoji=False)


@dataclass(frozen=True)
class Afterwards:
    """What becomes of the stacks once the writes have moved: whether Pulumi brings them up, and under the policies."""

    pulumi: bool = True
    policies: bool = True


@dataclass
class Change:
    """One change of authority to the region `to`. `begins`: the settings do not have it yet."""

    root: Path
    to: str
    kind: Kind
    project: Project
    clusters: Mapping[str, Cluster]
    records: EpochStore | None

    @property
    def platform(self) -> Platform:
        """The settings as they are now."""
        return self.project.platform

    @property
    def begins(self) -> bool:
        """False where an earlier run has written the settings already."""
        return self.platform.authority.primary != self.to

    @property
    def previous(self) -> str:
        """The region that wrote before, once the settings have the change."""
        return str(self.platform.authority.previous)

    @cached_property
    def edge(self) -> EdgeAccess:
        """The edge, asked for its credentials once."""
        return edge_of(self.root, self.platform)

    def due(self) -> bool:
        """Whether there is something to do, and the settings know of the record's last change; else it is told why."""
        authority = self.platform.authority
        if not self.begins and authority.change != self.kind:
            CONSOLE.print(f"{self.to} is the writer of the settings already. Nothing was changed.")
            return False
        standing = self.records.read() if self.records is not None else None
        if standing is None:
            return True
        known = (standing.record.epoch, standing.record.primary) == (authority.epoch, authority.primary)
        # One that was broken off has not claimed its own epoch yet.
        if known or (not self.begins and standing.record.epoch < authority.epoch):
            return True
        CONSOLE.print(
            f"The record outside the regions has epoch {standing.record.epoch}, {standing.record.primary} writes; "
            f"Pulumi.yaml has epoch {authority.epoch}, {authority.primary} writes. One of them does not know of the "
            f"last change. Bring Pulumi.yaml up to date (git pull), or finish that change. Nothing was changed."
        )
        return False

    def write(self, discard: str | None = None) -> None:
        """Edits the settings; the copy of a region to `discard` is cloned anew, and it gets no traffic meanwhile."""
        authority = self.platform.authority
        epoch = authority.epoch + 1
        record = {"primary": self.to, "previous": authority.primary, "epoch": epoch, "change": self.kind}
        if discard is None:
            set_record(self.root, record)
        else:
            drained = tuple(dict.fromkeys((*self.platform.edge.drained, discard)))
            copies = {discard: {"generation": epoch, "cloneFrom": self.to}}
            set_record(self.root, record, copies=copies, drained=drained)
        self.project = load_project(self.root)
        without = f", {discard} is out of traffic" if discard else ""
        CONSOLE.print(f"Pulumi.yaml has epoch {epoch}: {self.to} is to write{without}")

    def turn(self) -> steps.Turn:
        """What the steps need. Their clock begins now."""
        return steps.Turn(self.platform, self.clusters, self.records, timed())

    def left(self, *first: str, but: str = "") -> tuple[str, ...]:
        """The stacks that are left to be brought up, in their order."""
        return (*first, *(code for code in self.platform.codes if code not in (*first, but)), GLOBAL_STACK)


@contextmanager
def changing(root: Path, to: str, kind: Kind, kubeconfigs: Sequence[str], store: Path | None) -> Iterator[Change]:
    """A change of authority with clusters that can be asked. Raises SettingsError, and StoppedError for its store."""
    project = load_project(root)
    _check(project.platform, to)
    # Of a region that is lost nothing is needed, its kubeconfig neither.
    dispensable = [code for code in project.platform.codes if kind == "failover" and code != to]
    with clusters_of(root, project.platform.codes, kubeconfigs, dispensable=dispensable) as clusters:
        records = store_of(root, project.platform, store)
        try:
            yield Change(root, to, kind, project, clusters, records)
        except StoreError as error:
            text = f"The record could not be read or written: {error} Run the same command again."
            raise StoppedError(text) from None


def _check(platform: Platform, to: str) -> None:
    problems = []
    if to not in platform.codes:
        rule = f"There is no region {to!r}; the regions are {', '.join(platform.codes)}."
        problems.append(Problem("(command line)", "--to", rule, "Nobody would write.", "Name one of them."))
    if platform.phase != "read-replicas":
        rule = f"In phase {platform.phase} no region takes the writes over from another."
        fix = "Only phase read-replicas has one writer and regions that follow it (docs/authority.md)."
        problems.append(Problem("Pulumi.yaml", "openova:phase", rule, "There is nothing to move.", fix))
    if problems:
        raise SettingsError(problems)


def agreed(yes: bool, question: str) -> bool:
    """Whether the person at the terminal agrees, or said so beforehand."""
    if yes:
        return True
    if not sys.stdin.isatty():
        CONSOLE.print(f"{question} Nobody is here to answer; --yes says so beforehand. Nothing was changed.")
        return False
    return CONSOLE.input(escape(f"{question} [y/N] ")).strip().lower() in ("y", "yes")


def timed() -> Callable[[str], None]:
    """Prints what was done, with the seconds since now."""
    begun = time.monotonic()
    return lambda text: CONSOLE.print(f"{time.monotonic() - begun:6.1f} s  {escape(text)}")
