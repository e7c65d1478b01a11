"""The API over HTTP on loopback, and beside it `/lab/`, by which the lab itself is told what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from lab.cloudflare.account import Account
from lab.cloudflare.errors import ApiError, broken, no_route, throttled
from lab.cloudflare.faults import Fault, Faults
from lab.cloudflare.request import Request
from lab.cloudflare.routes import PREFIX, respond

Control = Callable[[str, str, dict[str, Any]], Any]
"""Answers `/lab/...`: the method, the rest of the path, the body. Raises LookupError or ValueError."""


@dataclass
class Api:
    """An account, what is to fail, and what was asked: (method, path) of every request, in order."""

    account: Account
    faults: Faults = field(default_factory=Faults)
    asked: list[tuple[str, str]] = field(default_factory=list)
    control: Control | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: Api

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _any(self) -> None:
        url = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path.startswith("/lab/"):
            self._control(url.path.removeprefix("/lab/"), raw)
            return
        path = url.path.removeprefix(PREFIX)
        self.api.asked.append((self.command, path))
        fault = self.api.faults.take(self.command, path)
        if fault is not None and fault.kind == "cut-before":
            self.close_connection = True
            return
        status, body, headers = self._answered(url.path, path, url.query, raw, fault)
        if fault is not None and fault.kind == "cut-after":
            self.close_connection = True
            return
        self._send(status, body, headers)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 names of the standard library

    def _answered(
        self, whole: str, path: str, query: str, raw: bytes, fault: Fault | None
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        request = Request(
            method=self.command,
            path={},
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            raw=raw,
        )
        try:
            if not whole.startswith(f"{PREFIX}/"):
                raise no_route(whole)
            if fault is not None and fault.kind == "429":
                raise throttled(fault.retry_after)
            if fault is not None and fault.kind == "500-before":
                raise broken()
            answer = respond(self.api.account, request, path)
            if fault is not None and fault.kind == "500-after":
                raise broken()
            with self.api.account.lock:
                # Turned into text while nobody changes it.
                return answer.status, json.loads(json.dumps(answer.body(request.query))), {}
        except ApiError as error:
            return error.status, error.body(), error.headers

    def _control(self, path: str, raw: bytes) -> None:
        try:
            if self.api.control is None:
                raise LookupError("the API runs alone here")
            self._send(200, self.api.control(self.command, path, json.loads(raw or b"{}")), {})
        except (LookupError, ValueError, TypeError) as error:
            self._send(400, {"error": str(error)}, {})

    def _send(self, status: int, body: Any, headers: dict[str, str]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def serving(api: Api, port: int = 0) -> Iterator[str]:
    """Serve the API on 127.0.0.1, and give its base URL, `/client/v4` included."""
    handler = type("Handler", (_Handler,), {"api": api})
    with threaded(handler, port) as bound:
        yield f"http://127.0.0.1:{bound}{PREFIX}"


@contextmanager
def threaded(handler: type, port: int = 0) -> Iterator[int]:
    """Serve HTTP on 127.0.0.1 in the background, and give the port."""
    with ThreadingHTTPServer(("127.0.0.1", port), cast(type[BaseHTTPRequestHandler], handler)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
