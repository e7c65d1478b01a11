"""The application as the edge sees it: `/health`, and rows that are counted and written."""

from __future__ import annotations

import json
import queue
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, LiteralString

import psycopg

from operations.drill.ledger.load import NAME, TABLE, WRITE, short
from operations.drill.ledger.session import Session

SESSIONS: Final = 4
COUNT: Final[LiteralString] = "select count(*) from ledger"


class Sessions:
    """A few sessions by one URL, each for one request at a time."""

    def __init__(self, url: str) -> None:
        self._free: queue.Queue[Session] = queue.Queue()
        for _ in range(SESSIONS):
            self._free.put(Session(url))

    @contextmanager
    def one(self) -> Iterator[Session]:
        """One that is free; waits for it."""
        session = self._free.get()
        try:
            yield session
        finally:
            self._free.put(session)


def server(address: str, port: int, primary: str, replica: str, region: str) -> ThreadingHTTPServer:
    """`GET /health` is 200 while rows can be read; `GET /rows` counts them, `POST /rows` writes one. 503 with the
    reason where the database does not answer."""
    writers, readers = Sessions(primary), Sessions(replica)

    def read() -> dict[str, Any]:
        with readers.one() as session:
            (rows,), _ = session.read(COUNT)
        return {"region": region, "rows": rows}

    def write() -> dict[str, Any]:
        with writers.one() as session:
            session.run(TABLE)
            number = uuid.uuid4().int >> 65
            (cluster,) = session.run(WRITE.format(NAME), ("web", region, number))
        return {"region": region, "number": number, "writtenBy": cluster}

    def health() -> dict[str, Any]:
        with readers.one() as session:
            session.read("select 1")
        return {"region": region}

    routes = {("GET", "/health"): health, ("GET", "/rows"): read, ("POST", "/rows"): write}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            work = routes.get((self.command, self.path.partition("?")[0]))
            try:
                status, body = (200, work()) if work else (404, {"error": "There is /health, and /rows."})
            except psycopg.Error as error:
                status, body = 503, {"region": region, "error": short(error)}
            text = json.dumps(body).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Requests are counted where they come from."""

    return ThreadingHTTPServer((address, port), Handler)
