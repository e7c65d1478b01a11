"""What the team is told of a change of authority: done, stopped half-way, or refused because places disagree."""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape

from operations.authority.change import CONSOLE, Change
from operations.edge.access import edge_of
from operations.edge.carry import carry_out
from operations.epoch import StoreError
from operations.slack import post
from operations.stopped import StoppedError
from settings.loader import load_project


@dataclass
class Notice:
    """What a command gathers for its message. Without `head` there is none."""

    head: str = ""
    loss: str = ""
    then: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def hearing(self, say: Callable[[str], None]) -> Callable[[str], None]:
        """`say`, whose words are also in the message."""

        def both(text: str) -> None:
            self.lines.append(text)
            say(text)

        return both

    def text(self) -> str:
        """The message, one fact a line."""
        parts = [self.head, f"by {who()}, {time.monotonic() - self.begun:.0f} s after the command began"]
        parts += [f"expected loss: {self.loss}"] if self.loss else []
        parts += self.lines
        parts += [f"next: {command}" for command in self.then]
        return "\n".join(parts)


@contextmanager
def telling(change: Change) -> Iterator[Notice]:
    """One message at the end of the block: what the command says was done, or that it stopped after it had begun."""
    notice = Notice()
    try:
        yield notice
    except (StoppedError, StoreError) as error:
        if not change.begins:
            authority = change.platform.authority
            notice.head = f"{change.kind} to {change.to} STOPPED half-way, epoch {authority.epoch}"
            notice.lines.append(str(error))
            notice.then = (f"openova {change.kind} --to {change.to}",)
            send(change.root, notice)
        raise
    send(change.root, notice)


def send(root: Path, notice: Notice) -> None:
    """Send it, if there is anything to say. What goes wrong is one line here."""
    if notice.head and (failed := post(root, notice.text())):
        CONSOLE.print(escape(failed))


def back_in_traffic(root: Path, code: str, say: Callable[[str], None]) -> None:
    """The edge sends users to a region that has rejoined, and the team is told."""
    platform = load_project(root).platform
    authority = platform.authority
    notice = Notice(f"rejoin done: {code} follows {authority.primary} again, epoch {authority.epoch}")
    carry_out(lambda: edge_of(root, platform), platform, notice.hearing(say))
    notice.then = ("pulumi up --stack global", f"openova switchover --to {code}   (only to go home)")
    send(root, notice)


def done(change: Change) -> str:
    """The first line of what was carried out: what, from, to, epoch."""
    return f"{change.kind} done: {change.to} writes, {change.previous} did, epoch {change.platform.authority.epoch}"


def who() -> str:
    """The person at the keyboard, and the machine."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
