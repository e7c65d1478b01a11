"""What breaks things in a drill, and mends them again: the lab, or a person at a real pair of regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Hands(Protocol):
    """Each does one thing to a region (by its code) and comes back once it is done."""

    def power_off(self, code: str) -> None:
        """All its servers lose power at one time, without a word to anybody in them."""
        ...

    def power_on(self, code: str) -> None:
        """They boot."""
        ...

    def cut_link(self, one: str, other: str) -> None:
        """Nothing passes between the two any more; packets vanish."""
        ...

    def isolate(self, code: str) -> None:
        """It lives and reaches nobody: no other region, no store of the record, nobody its API."""
        ...

    def hang_api(self, code: str) -> None:
        """Its API server and SSH are not reached from outside; packets vanish."""
        ...

    def cut_edge(self, code: str) -> None:
        """The edge does not reach it any more."""
        ...

    def slow_disk(self, code: str, node: str) -> None:
        """Writes to the disk of one of its nodes take long."""
        ...

    def heal(self) -> None:
        """Everything that was cut, hung or slowed is as before."""
        ...

    def bring_up(self) -> None:
        """The program is carried out on every region that can be reached, and its databases are healthy."""
        ...


class Person:
    """A real pair: what a computer must not do by itself is asked of whoever is there. `ask` waits for Enter."""

    def __init__(self, ask: Callable[[str], None]) -> None:
        self._ask = ask

    def power_off(self, code: str) -> None:
        """At the provider's panel, so that nothing is shut down in order."""
        self._ask(f"Switch off all servers of {code} now, at the provider's panel, without a shutdown")

    def power_on(self, code: str) -> None:
        """The same way."""
        self._ask(f"Switch on all servers of {code}")

    def cut_link(self, one: str, other: str) -> None:
        """With a rule for packets on every node; the firewall's own table is left alone."""
        self._ask(
            f"On every node of {one}: nft 'add table inet drill; add chain inet drill i {{ type filter hook prerouting "
            f"priority -300; }}; add rule inet drill i udp sport 51820 drop' (the mesh to {other}, packets vanish)"
        )

    def isolate(self, code: str) -> None:
        """The same for everything but the region itself."""
        self._ask(f"Cut {code} off at the provider's firewall: nothing in, nothing out; its servers stay on")

    def hang_api(self, code: str) -> None:
        """By the provider's firewall: the ports of administrators vanish."""
        self._ask(f"At the provider's firewall, drop 22 and 6443 to every server of {code}")

    def cut_edge(self, code: str) -> None:
        """The same for web ports."""
        self._ask(f"At the provider's firewall, drop 80 and 443 to every server of {code}")

    def slow_disk(self, code: str, node: str) -> None:
        """By work that fills the disk's queue."""
        self._ask(
            f"On {node} in {code}, load the disk: fio --name=slow --rw=randwrite --fsync=1 --size=1G --time_based"
        )

    def heal(self) -> None:
        """Whatever was asked for before."""
        self._ask("Undo what you cut or slowed (nft delete table inet drill; the provider's firewall; fio)")

    def bring_up(self) -> None:
        """By whoever may run Pulumi."""
        self._ask("Run: openova up; and wait until openova status is well")
