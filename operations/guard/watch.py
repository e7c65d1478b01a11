"""`python -m operations.guard.watch`: tells Prometheus what a region's guards last stated, one pod a region.

It reads the record and the statements as `openova status` does, so that a guard which is gone is seen, too. It is no
part of any guard: it opens and shuts nothing, and nothing waits for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, get_args

from operations.epoch import Barrier, EpochRecord, EpochStore, Stated, StoreError
from operations.epoch.s3 import S3EpochStore
from operations.guard.configuration import PREFIX, bucket

PORT: Final = 9532
SECONDS: Final = 30.0
"""Between two looks: some 0.9 million reads of the store a month for two regions of three nodes each."""

STUCK_SECONDS: Final = 120.0
NEEDED: Final = ("REGION", "NODES", "BUCKET", "ENDPOINT")
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class View:
    """What the last look that succeeded has seen. `read` is the time of day (seconds since 1970), 0 before the first;
    `ages` of the statements at that moment in seconds, infinite where a node never made one."""

    read: float = 0.0
    epoch: int = 0
    primary: str = ""
    ages: Mapping[str, float] = field(default_factory=dict)
    barriers: Mapping[str, Barrier] = field(default_factory=dict)


def view_of(record: EpochRecord | None, statements: Sequence[Stated], nodes: Sequence[str], now: float) -> View:
    """From what the store gave at `now`."""
    told = {each.statement.node: each for each in statements if each.statement.node in nodes}
    never = dict.fromkeys(nodes, float("inf"))
    return View(
        read=now,
        epoch=record.epoch if record else 0,
        primary=record.primary if record else "",
        ages=never | {node: max(0.0, now - each.stored.timestamp()) for node, each in told.items()},
        barriers={node: each.statement.barrier for node, each in told.items()},
    )


def metrics(region: str, view: View) -> str:
    """In Prometheus' text format."""
    of = f'code="{region}"'
    ages = {f'{of},node="{node}"': age for node, age in view.ages.items()}
    barriers = {
        f'{of},node="{node}",barrier="{barrier}"': float(found == barrier)
        for node, found in view.barriers.items()
        for barrier in get_args(Barrier)
    }
    families = (
        ("store_read_timestamp_seconds", "When the record and the statements were last read.", {of: view.read}),
        ("epoch", "The record's epoch.", {of: float(view.epoch)}),
        ("writer", "Whether the record names this region.", {of: float(view.primary == region)}),
        ("statement_age_seconds", "How old a node's last statement was when it was read.", ages),
        ("barrier", "What the node last stated that its barrier is.", barriers),
    )
    lines = []
    for name, text, samples in families:
        lines += [f"# HELP openova_guard_{name} {text}", f"# TYPE openova_guard_{name} gauge"]
        lines += [f"openova_guard_{name}{{{labels}}} {_number(value)}" for labels, value in samples.items()]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return "+Inf" if value == float("inf") else f"{value:.3f}".rstrip("0").rstrip(".")


class Watch:
    """Looks again and again until `stop`; `view` is what it has seen."""

    def __init__(
        self, region: str, nodes: Sequence[str], store: EpochStore, clock: Callable[[], float] = time.time
    ) -> None:
        self.region, self.view, self.stop = region, View(), threading.Event()
        self._nodes, self._store, self._clock = nodes, store, clock
        self._turned = clock()

    def look(self) -> None:
        """Once. What was seen before stays where the store does not answer: its age is told."""
        self._turned = self._clock()
        try:
            found, statements = self._store.read(), self._store.statements(self.region)
        except StoreError as error:
            print(f"the record: {error}", file=sys.stderr, flush=True)
            return
        self.view = view_of(found.record if found else None, statements, self._nodes, self._clock())

    @property
    def turns(self) -> bool:
        """Whether it still looks, with or without success."""
        return self._clock() - self._turned < STUCK_SECONDS

    def run(self) -> None:
        """Until `stop`."""
        while not self.stop.is_set():
            self.look()
            self.stop.wait(SECONDS)


def serve(watch: Watch, port: int) -> ThreadingHTTPServer:
    """Answers /metrics, and /health with 503 once it no longer looks."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            body = {"/metrics": metrics(watch.region, watch.view), "/health": "ok\n"}.get(self.path)
            self.send_response(404 if body is None else 200 if watch.turns or self.path == "/metrics" else 503)
            self.send_header("Content-Type", _TYPE)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Scrapes are not news."""

    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    """Runs until it is told to end. Exit code 1 where it is told wrongly."""
    told = {name: os.environ.get(f"{PREFIX}{name}", "") for name in (*NEEDED, "PREFIX")}
    if missing := [f"{PREFIX}{name}" for name in NEEDED if not told[name]]:
        sys.exit(f"Nothing is watched: {', '.join(missing)} is missing.")
    try:
        store = S3EpochStore(bucket(told))
    except OSError as error:
        sys.exit(f"Nothing is watched: {error}")
    watch = Watch(told["REGION"], told["NODES"].split(","), store)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.stop.set())
    server = serve(watch, PORT)
    watch.run()
    server.shutdown()


if __name__ == "__main__":
    main()
