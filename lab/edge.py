"""The lab's edge: a local Cloudflare in the lab's own network, with what the program's stack `global` makes in it."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from lab.acting import Memory
from lab.cloudflare.applied import Applying, stack
from lab.cloudflare.command import Options, cloudflare, contract_of
from lab.cloudflare.plane.server import POP
from lab.regions import Lab
from lab.world import EDGE
from operations.plan.check import checked
from settings.project import read_project

PLACES: Final = {"Frankfurt": "FRA", "Mumbai": "BOM"}
"""Users of the lab, and the data centre that answers them."""

USER_SECONDS: Final = 40.0


@dataclass(frozen=True)
class LabEdge:
    """`front` is where users ask, `host` the name that they ask for, `path` the page."""

    lab: Lab
    applying: Applying
    front: str
    host: str
    path: str

    def up(self) -> list[str]:
        """Brings the account to what the settings say now; gives what was done."""
        return self.applying.up(stack(self.lab.project, Memory(self.lab.folder / "memory.json").outputs))

    def ask(self, place: str) -> tuple[int, str]:
        """A user's request from one of PLACES: the status, and the region that answered."""
        address, _, port = self.front.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(address, int(port), timeout=USER_SECONDS)
        try:
            connection.request("GET", self.path, headers={"Host": self.host, POP: PLACES[place]})
            answer = connection.getresponse()
            body = answer.read()
            told = json.loads(body) if answer.status == 200 else {}
            return answer.status, str(told.get("region", ""))
        except (OSError, ValueError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()


@contextmanager
def edge(lab: Lab) -> Iterator[LabEdge]:
    """The edge for as long as the block lasts; this process has to be in the lab's network. Commands that are started
    meanwhile find its API. Raises RefusedError where the account refuses what the program makes."""
    platform = checked(read_project(lab.project)).platform
    options = Options(port=0, edge_port=0, direct=True, source=EDGE)
    with cloudflare(contract_of(lab.project), options) as (base, front, token):
        os.environ |= {"CLOUDFLARE_BASE_URL": base, "CLOUDFLARE_API_TOKEN": token, "OPENOVA_EDGE_URL": front}
        host = f"{platform.edge.hosts[0]}.{platform.domain}"
        made = LabEdge(lab, Applying(base, token), front, host, platform.edge.monitor.path)
        made.up()
        yield made
