"""A local Cloudflare, the program's edge in it, and nodes that answer: what tests of the edge begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.cloudflare.account import Account, Contract
from lab.cloudflare.applied import Applying, Program
from lab.cloudflare.plane.edge import Edge
from lab.cloudflare.plane.front import Served
from lab.cloudflare.plane.network import Network
from lab.cloudflare.server import Api, serving
from settings.tiers import PlanTier
from tests.edge.origins import Node, nodes
from tests.edge.projects import addresses, stack
from tests.projects import SHARED, copy_project, share, value

HOST = "api.openova.io"


@dataclass
class World:
    """`root` is a project of the test's own; `nodes` are its servers by name."""

    root: Path
    api: Api
    applying: Applying
    edge: Edge
    nodes: dict[str, Node] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        """The stack `global` of the project as it is now."""
        return stack(self.root)

    @property
    def account(self) -> Account:
        """The account."""
        return self.api.account

    def up(self) -> list[str]:
        """Bring the stack `global` up."""
        return self.applying.up(self.program)

    def get(self, pop: str, host: str = HOST, country: str = "") -> Served:
        """A user's request."""
        return self.edge.get(host, pop, country)

    def cut(self, *names: str) -> None:
        """Let packets to these nodes, or to every node of these regions, vanish."""
        for node in self._named(names):
            self.edge.network.cut(node.address)

    def heal(self, *names: str) -> None:
        """Undo it."""
        for node in self._named(names):
            self.edge.network.heal(node.address)

    def pool_of(self, pop: str) -> str:
        """The name of the pool that a user of this data centre gets to; the answer must be a good one."""
        served = self.get(pop)
        assert served.status == 200, (pop, served)
        return served.pool

    def _named(self, names: tuple[str, ...]) -> list[Node]:
        found = [node for name, node in self.nodes.items() if name in names or name.split("-")[1] in names]
        assert found, names
        return found


@contextmanager
def world_in(
    folder: Path, change: Callable[[Path], Any] = lambda root: None, *, plan: PlanTier = PlanTier.PRO, **bought: Any
) -> Iterator[World]:
    """A world of the committed project with a change; nothing is brought up yet."""
    root = copy_project(folder / "project")
    share(root, "edge.plan", plan.value)
    share(root, "budget", 1000)
    change(root)
    codes = [line["code"] for line in value(root / SHARED, "config.regions.value")]
    account = Account(Contract(plan=plan, **bought))
    api = Api(account)
    with serving(api) as base, nodes(pair for code in codes for pair in addresses(root, code).items()) as made:
        network = Network({node.address: node.url for node in made.values()})
        yield World(root, api, Applying(base, account.token()), Edge(account, network), made)
