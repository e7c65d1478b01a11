"""Servers on loopback that stand for the regions' nodes: each says who it is, and is as healthy as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from lab.cloudflare.server import threaded


@dataclass
class Node:
    """One node. `status` is what /health answers, unless it `hangs`; `hosts` are the names it was asked under."""

    name: str
    address: str
    url: str = ""
    status: int = 200
    hosts: list[str] = field(default_factory=list)
    hangs: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    node: Node

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _any(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.node.hosts.append(self.headers["Host"])
        while self.node.hangs.is_set():
            time.sleep(0.01)
        told = {
            "node": self.node.name, "path": self.path, "body": sent, "host": self.headers["Host"],
            "country": self.headers.get("CF-IPCountry", ""), "method": self.command,
        }  # fmt: skip
        text = json.dumps(told).encode()
        self.send_response(self.node.status if self.path == "/health" else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _any  # noqa: N815 names of the standard library


def handler_of(node: Node) -> type[BaseHTTPRequestHandler]:
    """What answers for a node."""
    return type("Handler", (_Handler,), {"node": node})


@contextmanager
def nodes(addresses: Iterable[tuple[str, str]]) -> Iterator[dict[str, Node]]:
    """A server for each (name, address), by name."""
    made: dict[str, Node] = {}
    with ExitStack() as stack:
        for name, address in addresses:
            node = Node(name, address)
            port = stack.enter_context(threaded(handler_of(node)))
            node.url = f"http://127.0.0.1:{port}"
            made[name] = node
        yield made
