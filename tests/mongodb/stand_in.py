"""In mongod's place: speaks its wire protocol, so that official clients run, and keeps a replica set's documents.

It holds no data and elects nobody. It answers what a test has put into its state.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import bson

OP_REPLY: Final = 1
OP_QUERY: Final = 2004
OP_MSG: Final = 2013
_HEADER: Final = struct.Struct("<iiii")
NOT_PRIMARY: Final = {
    "ok": 0.0,
    "code": 10107,
    "codeName": "NotWritablePrimary",
    "errmsg": "not primary",
    "errorLabels": ["RetryableWriteError"],
}
START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class State:
    """What a member says: its address, the members with votes, priorities and regions, who is primary, who is heard."""

    me: str
    members: dict[str, tuple[int, int, str]]
    primary: str | None
    alive: set[str]
    ahead: dict[str, int] = field(default_factory=dict)
    version: int = 7
    forwards: bool = False
    """Whether it stands for the whole set: then it takes a write where it knows of a primary."""
    seen: list[dict[str, Any]] = field(default_factory=list)
    """The commands that were asked, in order."""

    def config(self) -> dict[str, Any]:
        """As `replSetGetConfig` gives it."""
        return {
            "_id": "rs0",
            "version": self.version,
            "term": 3,
            "members": [
                {
                    "_id": index, "host": host, "arbiterOnly": False, "votes": votes, "priority": priority,
                    "tags": {"region": region},
                }
                for index, (host, (votes, priority, region)) in enumerate(self.members.items())
            ],
        }  # fmt: skip

    def status(self) -> dict[str, Any]:
        """As `replSetGetStatus` gives it: what heartbeats told of the others."""
        return {
            "set": "rs0",
            "members": [
                {
                    "name": host,
                    "health": 1 if host in self.alive else 0,
                    "stateStr": self._state(host),
                    "self": host == self.me,
                    "optimeDate": START + timedelta(seconds=self.ahead.get(host, 0)),
                }
                for host in self.members
            ],
        }

    def hello(self) -> dict[str, Any]:
        """As `hello` gives it."""
        return {
            "helloOk": True,
            "isWritablePrimary": self.me == self.primary,
            "ismaster": self.me == self.primary,
            "secondary": self.me != self.primary,
            "setName": "rs0",
            "setVersion": self.version,
            "hosts": list(self.members),
            "me": self.me,
            **({"primary": self.primary} if self.primary else {}),
            "tags": {"region": self.members[self.me][2]},
            "maxBsonObjectSize": 16777216,
            "maxMessageSizeBytes": 48000000,
            "maxWriteBatchSize": 100000,
            "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": False,
        }

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """The reply to a command."""
        name = next(iter(command))
        self.seen.append(command)
        if name == "insert" and not (self.primary if self.forwards else self.primary == self.me):
            return dict(NOT_PRIMARY)
        if name == "replSetReconfig":
            self._reconfigure(command[name])
        replies: dict[str, dict[str, Any]] = {
            "hello": self.hello(),
            "isMaster": self.hello(),
            "ismaster": self.hello(),
            "replSetGetConfig": {"config": self.config()},
            "replSetGetStatus": self.status(),
            "getCmdLineOpts": {
                "parsed": {"security": {"enableEncryption": True}, "net": {"tls": {"mode": "requireTLS"}}}
            },
            "buildInfo": {"version": "7.0.30-16", "modules": [], "gitVersion": "0", "bits": 64},
            "insert": {"n": 1},
            "find": {"cursor": {"id": 0, "ns": "app.rows", "firstBatch": [{"_id": 0, "from": self.me}]}},
        }
        return {**replies.get(name, {}), "ok": 1.0}

    def _reconfigure(self, config: dict[str, Any]) -> None:
        self.members = {
            member["host"]: (int(member["votes"]), int(member["priority"]), member["tags"]["region"])
            for member in config["members"]
        }
        self.version = int(config["version"])
        self.primary = self.me

    def _state(self, host: str) -> str:
        if host not in self.alive:
            return "(not reachable/healthy)"
        return "PRIMARY" if host == self.primary else "SECONDARY"


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        state: State = self.server.state  # type: ignore[attr-defined]
        while len(header := self._read(_HEADER.size)) == _HEADER.size:
            length, request, _, operation = _HEADER.unpack(header)
            body = self._read(length - _HEADER.size)
            if operation == OP_QUERY:
                start = body.index(b"\0", 4) + 1 + 8
                reply = bson.encode(state.answer(bson.decode(body[start:])))
                self._send(OP_REPLY, request, struct.pack("<iqii", 0, 0, 0, 1) + reply)
            elif operation == OP_MSG:
                self._send(OP_MSG, request, b"\0\0\0\0\0" + bson.encode(state.answer(_command(body))))

    def _read(self, count: int) -> bytes:
        data = b""
        with suppress(ConnectionResetError):  # clients leave as they like
            while len(data) < count and (part := self.request.recv(count - len(data))):
                data += part
        return data

    def _send(self, operation: int, request: int, body: bytes) -> None:
        self.request.sendall(_HEADER.pack(_HEADER.size + len(body), 0, request, operation) + body)


def _command(body: bytes) -> dict[str, Any]:
    """The document of kind 0; sequences of kind 1 are folded into it under their names."""
    position, document, extra = 4, {}, {}
    while position < len(body):
        kind, position = body[position], position + 1
        (size,) = struct.unpack_from("<i", body, position)
        part = body[position : position + size]
        if kind == 0:
            document = bson.decode(part)
        else:
            end = part.index(b"\0", 4)
            extra[part[4:end].decode()] = bson.decode_all(part[end + 1 :])
        position += size
    return {**document, **extra}


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    state: State


@contextmanager
def member(state: State) -> Iterator[int]:
    """A member on loopback with this state; gives its port."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.state = state
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
