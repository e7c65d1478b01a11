"""Contabo's compute API on 127.0.0.1, with a memory: what is ordered is there, and counted.

Its answers have the form of Contabo's API reference (schemas ListInstancesResponseData, CreateInstanceResponse,
ListTagResponse, PaginationMeta, instanceStatus). It can fail as real ones do; a fault changes what the caller
learns, not what happened: an order that is cut off was still carried out.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from components.contabo import Credentials, Endpoints

Fault = Literal["500", "hang", "cut", "half", "garbage", "redirect"]
CREDENTIALS = Credentials("an-id", "a-secret", "me@example.org", "a password & more")


@dataclass
class Account:
    """One account's servers and tags, and how its API behaves next.

    `order_fault` is what the answer to an order looks like after it was carried out; `refusal` is a status
    with which orders are not carried out; `lost` orders are never carried out. `hidden_for` is how many
    lists an ordered server is missing from; `statuses` what it has in the lists after that. `read_faults`
    are used up one a list, `tag_read_faults` from the first tag on.
    """

    page_size: int = 2
    token_seconds: float = 300
    order_fault: Fault | None = None
    refusal: int | None = None
    lost: bool = False
    hidden_for: int = 0
    statuses: tuple[str, ...] = ("provisioning", "installing", "running")
    data_center: str = "European Union 1"
    hosts: list[int] = field(default_factory=list)
    read_faults: list[Fault] = field(default_factory=list)
    tag_fault: Fault | None = None
    tag_read_faults: list[Fault] = field(default_factory=list)
    tags_refused: bool = False
    hang_seconds: float = 3

    servers: list[dict[str, Any]] = field(default_factory=list)
    tags: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    request_ids: list[str] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, name: str, **changes: Any) -> dict[str, Any]:
        """A server that is there from the start, running unless `changes` say otherwise."""
        number = len(self.servers) + 100
        server = {
            "instanceId": number,
            "displayName": name,
            "status": "running",
            "dataCenter": self.data_center,
            "region": "EU",
            "productId": "V92",
            "vHostId": self.hosts.pop(0) if self.hosts else 7000 + number,
            "ipConfig": {"v4": {"ip": f"203.0.113.{number % 250}", "netmaskCidr": 24, "gateway": "203.0.113.1"}},
            "cancelDate": "",
            "errorMessage": "",
            "_script": [],
            "_hidden": 0,
            **changes,
        }
        self.servers.append(server)
        return server

    def order(self, body: dict[str, Any]) -> dict[str, Any]:
        """Carry an order out."""
        self.orders.append(body)
        if self.lost:
            return {"instanceId": 1}
        return self.add(body["displayName"], _script=list(self.statuses), _hidden=self.hidden_for)

    def listed(self) -> list[dict[str, Any]]:
        """What one list shows; each showing moves ordered servers on."""
        shown = []
        for server in self.servers:
            if server["_hidden"] > 0:
                server["_hidden"] -= 1
                continue
            if server["_script"]:
                server["status"] = server["_script"].pop(0)
            shown.append({key: value for key, value in server.items() if not key.startswith("_")})
        return shown


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account: Account
    snapshot: list[dict[str, Any]]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path, account = urlsplit(self.path), self.account
        if not self._known(path.path):
            return
        query = {key: values[0] for key, values in parse_qs(path.query).items()}
        with account.lock:
            if path.path == "/v1/tags":
                if account.tags and account.tag_read_faults:
                    self._fail(account.tag_read_faults.pop(0))
                    return
                self._page(account.tags, query)
                return
            if query["page"] == "1":
                type(self).snapshot = account.listed()
                if account.read_faults:
                    self._fail(account.read_faults.pop(0))
                    return
            self._page(type(self).snapshot, query)

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if path == "/token":
            self._token(body)
        elif self._known(path):
            self._tag(json.loads(body)) if path == "/v1/tags" else self._order(json.loads(body))

    def do_DELETE(self) -> None:
        path, account = urlsplit(self.path).path, self.account
        if self._known(path):
            assert path.startswith("/v1/tags/"), path
            with account.lock:
                account.tags = [tag for tag in account.tags if tag["tagId"] != int(path.rpartition("/")[2])]
            self._answer(204, None)

    def _tag(self, body: dict[str, Any]) -> None:
        if self.account.tags_refused:
            self._answer(403, {"message": "Forbidden"})
            return
        with self.account.lock:
            self.account.tags.append({"tagId": next(self.account.numbers), **body})
        if self.account.tag_fault:
            self._fail(self.account.tag_fault)
        else:
            self._answer(201, {"data": []})

    def _order(self, body: dict[str, Any]) -> None:
        if self.account.refusal is not None:
            self._answer(self.account.refusal, {"message": "productId is not a product"})
            return
        with self.account.lock:
            made = self.account.order(body)
        if self.account.order_fault:
            self._fail(self.account.order_fault)
        else:
            self._answer(201, {"data": [{"instanceId": made["instanceId"], "status": "provisioning"}]})

    def _token(self, body: bytes) -> None:
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        expected = {
            "grant_type": "password",
            "client_id": CREDENTIALS.client_id,
            "client_secret": CREDENTIALS.client_secret,
            "username": CREDENTIALS.user,
            "password": CREDENTIALS.password,
        }
        self.account.requests["POST", "/token"] += 1
        if form != expected:
            self._answer(401, {"error": "invalid_grant", "error_description": "Invalid user credentials"})
            return
        token = str(uuid.uuid4())
        self.account.tokens[token] = time.monotonic() + self.account.token_seconds
        self._answer(200, {"access_token": token, "expires_in": 300, "token_type": "Bearer"})

    def _known(self, path: str) -> bool:
        account = self.account
        account.requests[self.command, path] += 1
        account.request_ids.append(self.headers["x-request-id"])
        if account.tokens.get(self.headers["Authorization"].removeprefix("Bearer "), 0) < time.monotonic():
            self._answer(401, {"message": "Unauthorized"})
            return False
        return True

    def _page(self, items: list[dict[str, Any]], query: dict[str, str]) -> None:
        size = min(int(query["size"]), self.account.page_size)
        start = (int(query["page"]) - 1) * size
        about = {
            "size": size,
            "page": int(query["page"]),
            "totalElements": len(items),
            "totalPages": -(-len(items) // size),
        }
        self._answer(200, {"_pagination": about, "data": items[start : start + size], "_links": {}})

    def _fail(self, fault: Fault) -> None:
        if fault == "500":
            self._answer(500, {"message": "Internal Server Error, retry or contact support"})
            return
        self.close_connection = True
        if fault == "hang":
            time.sleep(self.account.hang_seconds)
        elif fault == "redirect":
            self.send_response(302)
            self.send_header("Location", "/v1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif fault != "cut":
            text = b"<html>maintenance</html>" if fault == "garbage" else b'{"data": [{"instanceId": 1'
            self.send_response(201 if self.command == "POST" else 200)
            self.send_header("Content-Length", str(len(text) + (200 if fault == "half" else 0)))
            self.end_headers()
            self.wfile.write(text)

    def _answer(self, status: int, body: dict[str, Any] | None) -> None:
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if body is not None:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def serving(account: Account) -> Iterator[Endpoints]:
    """Serve the account, and give where."""
    handler = type("Handler", (_Handler,), {"account": account, "snapshot": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        try:
            yield Endpoints(api=base, token=f"{base}/token")
        finally:
            server.shutdown()
