"""Runs the local Cloudflare alone: the API, and the edge in front of whatever stands for the origins."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lab.cloudflare.account import ACCOUNT_ID, ZONE_ID, Account, Contract
from lab.cloudflare.control import control
from lab.cloudflare.plane.edge import running
from lab.cloudflare.plane.network import Network
from lab.cloudflare.plane.server import POP, facing
from lab.cloudflare.routes import PREFIX
from lab.cloudflare.server import Api, serving
from operations.plan.check import checked
from settings.project import read_project
from settings.tiers import PlanTier

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Ports (0 takes a free one), where the state is kept, the URL of the server that stands for an address, and how
    many times as fast time runs. The rest is as in `Network`."""

    port: int = 8787
    edge_port: int = 8788
    state: Path | None = None
    servers: Mapping[str, str] = field(default_factory=dict)
    direct: bool = False
    authority: Path | None = None
    scale: float = 1.0
    source: str = ""


def contract_of(root: Path) -> Contract:
    """The plan, domain, account and zone of the configuration in `root`. Raises SettingsError."""
    platform = checked(read_project(root)).platform
    edge = platform.edge
    return Contract(
        account_id=edge.account_id or ACCOUNT_ID,
        zone_id=edge.zone_id or ZONE_ID,
        zone=platform.domain,
        plan=PlanTier(edge.plan),
        load_balancing=True,
        faster_checks=edge.monitor.faster_checks,
        advanced_certificates=edge.certificate == "advanced",
    )


def servers_of(origins: Sequence[str]) -> dict[str, str]:
    """`ADDRESS=URL` each. Raises ValueError that names every one that is not of that form."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for text in origins:
        address, _, url = text.partition("=")
        parts = urlsplit(url)
        if address and parts.scheme in ("http", "https") and parts.hostname:
            found[address] = url
        else:
            wrong.append(text)
    if wrong:
        raise ValueError(
            f"{', '.join(wrong)} is not of the form ADDRESS=URL. Nothing would answer for that origin. "
            "Write --origin 203.0.113.11=http://127.0.0.1:8081."
        )
    return found


@contextmanager
def cloudflare(contract: Contract, options: Options) -> Iterator[tuple[str, str, str]]:
    """Serve, and give the API's base URL, the edge's URL, and a token that may do everything.

    A token that the state has is given again. Raises RuntimeError for a state that cannot be read, OSError for a
    port that is taken.
    """
    account = Account(contract, options.state)
    token = next(iter(account.tokens), None) or account.token()
    network = Network(
        dict(options.servers),
        direct=options.direct,
        authority=str(options.authority) if options.authority else None,
        patience=0,
        source=options.source,
    )
    api = Api(account)
    with running(account, network, options.scale) as edge:
        api.control = control(api, edge)
        with serving(api, options.port) as base, facing(edge, options.edge_port) as front:
            yield base, front, token


def run(contract: Contract, options: Options, say: Say) -> None:
    """Serve until interrupted, and say how to get there."""
    ended = threading.Event()
    # Its own handlers: whatever is started in the background of a script has SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with cloudflare(contract, options) as (base, front, token):
        for line in _guide(contract, base, front, token):
            say(line)
        ended.wait()


def _guide(contract: Contract, base: str, front: str, token: str) -> Iterator[str]:
    lab = f"{base.removesuffix(PREFIX)}/lab"
    yield f"A Cloudflare for {contract.zone} (plan {contract.plan.value}); Ctrl-C ends it."
    yield ""
    yield f"API    {base}"
    yield f"Edge   {front}"
    yield f"Token  {token}"
    yield ""
    yield "Point the program at it, in a shell of its own:"
    yield f"  export CLOUDFLARE_BASE_URL={base}"
    yield f"  pulumi config set --stack global --secret cloudflare:apiToken {token}"
    yield "  pulumi up --stack global"
    yield ""
    yield "Let openova status, switchover, failover and rejoin ask it, in the same shell:"
    yield f"  export CLOUDFLARE_API_TOKEN={token}"
    yield f"  export OPENOVA_EDGE_URL={front}"
    yield ""
    yield "Be a user whom a data centre answers, look at what the edge believes, take a region away:"
    yield f"  curl -i {front}/ -H 'Host: api.{contract.zone}' -H '{POP}: BOM'"
    yield f"  curl {lab}/status"
    yield f'  curl {lab}/cut -d \'{{"pool": "india-pool"}}\'; curl -X POST {lab}/heal'
