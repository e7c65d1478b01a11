"""The ledger against real servers: it follows the writer, and says truly what was acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from operations.drill.events import Events, parse
from operations.drill.ledger.__main__ import options
from operations.drill.ledger.session import Session, only
from operations.drill.ledger.web import server as web_server
from tests.operations.drill.servers import Server, made
from tests.projects import ROOT

SECONDS = 60


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    """Two servers, the first writes."""
    with tempfile.TemporaryDirectory(prefix="openova-drill-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        one, other = made(folder, "europe"), made(folder, "india")
        one.start()
        other.start(writes=False)
        try:
            yield one, other
        finally:
            one.stop()
            other.stop()


def url(*servers: Server, target: str = "read-write") -> str:
    hosts = ",".join(server.host for server in servers)
    return f"postgresql://app@{hosts}/postgres?connect_timeout=2&target_session_attrs={target}"


@contextmanager
def load(pair: tuple[Server, Server], *more: str) -> Iterator[Events]:
    """The program as the image starts it, and what it says."""
    environment = {
        **os.environ,
        "DATABASE_PRIMARY_URL": url(*pair),
        "DATABASE_REPLICA_URL": url(*reversed(pair), target="any"),
        "REGION": "eu",
    }
    arguments = ["load", "--run=test", "--rate=50", "--connections=4", *more]
    command = [sys.executable, "-m", "operations.drill.ledger", *arguments]
    events = Events()
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:

        def listen() -> None:
            for line in running.stdout or ():
                events.add(parse(line, "eu"))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield events
        finally:
            running.terminate()
            thread.join(30)


def until(ready: Callable[[], bool], failure: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, failure
        time.sleep(0.05)


def by(events: Events, name: str) -> int:
    return sum(1 for write in events.acknowledged() if write.cluster == name)


def test_it_follows_the_writer_without_a_restart_and_tells_the_truth(pair: tuple[Server, Server]) -> None:
    europe, india = pair
    with load(pair) as events:
        until(lambda: by(events, "europe") > 20, "nothing was written")
        europe.stop()
        until(lambda: any(write.reason for write in events.writes), "nothing failed")
        india.stop()
        india.start()
        until(lambda: by(events, "india") > 20, "it does not follow")
    europe.start(writes=False)
    for each in pair:
        with psycopg.connect(url(each, target="any")) as asked:
            there = {number for (number,) in asked.execute("select number from ledger where run = 'test'")}
        assert {write.number for write in events.acknowledged() if write.cluster == each.name} <= there
    numbers = [write.number for write in events.writes]
    assert len(numbers) == len(set(numbers))


def test_reads_go_on_while_nobody_writes(pair: tuple[Server, Server]) -> None:
    europe, _ = pair
    with load(pair, "--reads=20") as events:
        until(lambda: by(events, "europe") > 5, "nothing was written")
        with psycopg.connect(url(pair[1], target="any")) as other:  # the table, where a standby would have it
            other.autocommit = True
            other.execute("set default_transaction_read_only = off")
            other.execute("create table ledger (run text, region text, number bigint)")
        until(lambda: any(read.cluster for read in events.reads), "nothing was read")
        europe.stop()
        begun = len(events.reads)
        until(lambda: len(events.reads) > begun + 20, "reads stopped")
        assert all(read.cluster == "india" for read in events.reads[begun:])


def test_to_its_own_region_alone_it_never_reaches_the_other(pair: tuple[Server, Server]) -> None:
    with load(pair, f"--hosts={pair[1].host}") as events:
        until(lambda: len(events.writes) > 3, "it does not try")
    assert not events.acknowledged()


def test_only_keeps_credentials_and_options() -> None:
    whole = "postgresql://app:p%40ss@a:1,b:2/app?sslmode=verify-full"
    assert only(whole, "b:2") == "postgresql://app:p%40ss@b:2/app?sslmode=verify-full"


def test_a_session_connects_anew_after_a_failure(pair: tuple[Server, Server]) -> None:
    europe, _ = pair
    session = Session(url(europe))
    assert session.run("select 1") == (1,)
    europe.stop()
    with pytest.raises(psycopg.Error):
        session.run("select 1")
    europe.start()
    assert session.run("select 1") == (1,)
    session.close()


def ask(port: int, method: str, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    told = answer.status, json.loads(answer.read())
    connection.close()
    return told


def test_the_web_writes_counts_and_says_when_it_cannot(pair: tuple[Server, Server]) -> None:
    europe, _ = pair
    web = web_server("127.0.0.1", 0, url(europe), url(europe, target="any"), "eu")
    threading.Thread(target=web.serve_forever, daemon=True).start()
    port = web.server_address[1]
    status, told = ask(port, "POST", "/rows")
    assert (status, told["writtenBy"]) == (200, "europe")
    assert ask(port, "GET", "/rows") == (200, {"region": "eu", "rows": 1})
    assert ask(port, "GET", "/health")[0] == 200
    assert ask(port, "GET", "/elsewhere")[0] == 404
    europe.stop()
    assert ask(port, "GET", "/health")[0] == 503
    web.shutdown()


def test_without_a_command_it_serves() -> None:
    with patch.object(sys, "argv", ["ledger"]):
        assert (options().command, options().port) == ("serve", 8080)


def test_without_its_environment_it_says_which_names_are_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "operations.drill.ledger", "serve"],
        env={"PATH": os.environ["PATH"], "REGION": "eu"}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "DATABASE_PRIMARY_URL, DATABASE_REPLICA_URL" in done.stderr
