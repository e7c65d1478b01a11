"""A GitHub on the loopback: comments and issues of one repository, in the forms of its REST API."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token-of-this-test"
BOT = "github-actions[bot]"


@dataclass
class Hub:
    """What the repository holds; `writable` is what a fork's token is not."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    writable: bool = True
    url: str = ""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        where = urlsplit(path)
        route = where.path.removeprefix("/repos/example/platform/")
        self.calls.append(f"{method} {route}")
        if method != "GET" and not self.writable:
            return 403, {"message": "Resource not accessible by integration"}
        if len(body.get("body") or "") > 65536:
            return 422, {"message": "body is too long (maximum is 65536 characters)"}
        if method == "GET":
            query = parse_qs(where.query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            held = self.comments if route.endswith("/comments") else self.issues
            shown = [item for item in held if item.get("state", "open") == "open"]
            return 200, shown[(page - 1) * size : page * size]
        if method == "POST":
            held = self.comments if route.endswith("/comments") else self.issues
            made = {"id": len(held) + 1, "number": len(held) + 1, "user": {"login": BOT}, "state": "open", **body}
            held.append(made)
            return 201, made
        number = int(re.findall(r"\d+", route)[-1])
        held = self.comments if "comments" in route else self.issues
        held[number - 1].update(body)
        return 200, held[number - 1]


@contextmanager
def running() -> Iterator[Hub]:
    """The server, for as long as the block runs."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            status, value = hub.answer(self.command, self.path, body) if known else (401, {})
            answer = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = _do  # noqa: N815 the server's own names

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
