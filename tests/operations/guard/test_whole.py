"""The whole guard: its threads, a real kernel, a real S3 server; only Kubernetes' API is a small server of the test's,
which tells what one of CloudNativePG's clusters looks like."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lab import s3
from lab.certificates import self_signed
from lab.s3 import S3Server
from operations.epoch import EpochRecord, claim, silence_of
from operations.epoch.s3 import S3EpochStore
from operations.guard.barrier import Nftables
from operations.guard.cluster import Kubernetes
from operations.guard.look import Place
from operations.guard.loop import Guard
from operations.guard.memory import Memory
from tests.operations.epoch.conftest import bucket_of
from tests.operations.epoch.records import record

PODS = "10.42.0.0/16"
TTL = 4.0
PATIENCE = 30
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft (apt-get install nftables)"
    ),
]
WRITES = {"self": "pg-eu", "primary": "pg-eu", "source": "pg-in"}
FOLLOWS = WRITES | {"primary": "pg-in"}


@dataclass
class Api:
    """What the API server says."""

    replica: dict[str, str] = field(default_factory=lambda: dict(WRITES))
    pods: tuple[str, ...] = ("10.42.0.10",)

    def answer(self, path: str) -> dict[str, Any]:
        if "/clusters/" in path:
            return {"metadata": {"uid": "a"}, "spec": {"replica": self.replica}, "status": {}}
        return {"items": [{"status": {"podIP": address, "phase": "Running"}} for address in self.pods]}


@contextmanager
def serving(api: Api, folder: Path) -> Iterator[str]:
    """The API over TLS on loopback, and an account to read it with in `folder`."""
    self_signed(folder / "ca.crt", folder / "ca.key", "127.0.0.1")
    (folder / "token").write_text("a-token")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Authorization"] == "Bearer a-token"
            body = json.dumps(api.answer(self.path)).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.crt", folder / "ca.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


@contextmanager
def kernel() -> Iterator[Nftables]:
    """A network namespace of its own."""
    with subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=-1, stdout=-1) as holder:
        assert holder.stdin and holder.stdout
        holder.stdout.readline()
        try:
            yield Nftables(PODS, ("nsenter", f"--net=/proc/{holder.pid}/ns/net", "--"))
        finally:
            holder.stdin.close()


@dataclass
class Region:
    """A guard that runs, what it sees, and what it does."""

    store: S3EpochStore
    api: Api
    nft: Nftables
    server: int
    start: Callable[[], Guard]

    def becomes(self, barrier: str) -> None:
        """Waits until the kernel has it. Raises AssertionError if it never does."""
        wait(lambda: self.nft.found().barrier == barrier, f"{barrier}; it is {self.nft.found()}")


def wait(until: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def region(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Region]:
    if absent := s3.missing():
        pytest.skip(absent)
    with ExitStack() as stack:
        server, process = stack.enter_context(s3.serve(tmp_path / "s3"))
        nft = stack.enter_context(kernel())
        api = Api()
        url = stack.enter_context(serving(api, tmp_path))
        place = Place(region="eu", node="eu-1", isolation=getattr(request, "param", "fence"), ttl=TTL, founds=True)

        def start() -> Guard:
            memory = Memory(tmp_path / "turn.json")
            cluster = Kubernetes(url, "databases", "postgresql", account=tmp_path)
            guard = Guard(place, store_of(server), cluster, nft, memory, lambda text: None)
            threading.Thread(target=guard.run, daemon=True).start()
            stack.callback(guard.stop.set)
            return guard

        yield Region(store_of(server), api, nft, process, start)


def store_of(server: S3Server) -> S3EpochStore:
    return S3EpochStore(bucket_of(server), timeout=1)


def lost() -> EpochRecord:
    return record(2, "in", change="failover")


def test_the_first_region_founds_the_record_and_opens(region: Region) -> None:
    region.start()
    region.becomes("open")
    found = region.store.read()
    assert found is not None and (found.record.epoch, found.record.primary) == (1, "eu")


def test_a_failover_closes_the_old_region_and_waits_for_nothing_when_it_has_said_so(region: Region) -> None:
    region.start()
    region.becomes("open")
    claimed = claim(region.store, lost())
    region.becomes("closed")
    wait(lambda: silence_of(claimed, region.store.statements("eu"), ["eu-1"], 1).confirmed, "nothing was stated")


def test_of_a_region_without_the_store_the_lease_ends_within_the_wait(region: Region) -> None:
    """The guard's way to the store is cut, and then the guard itself is gone; the claimer still reaches it."""
    guard = region.start()
    region.becomes("open")
    wait(lambda: bool(region.store.statements("eu")), "no lease was stated")
    guard.stop.set()
    claimed = claim(region.store, lost())
    begun = time.monotonic()
    silence = silence_of(claimed, region.store.statements("eu"), ["eu-1"], 0)
    assert silence.seconds is not None and not silence.confirmed
    time.sleep(max(0.0, begun + silence.seconds - time.monotonic()))
    assert region.nft.found().barrier == "closed"


def test_a_store_that_stands_still_closes_the_region_and_opens_it_when_it_answers(region: Region) -> None:
    region.start()
    region.becomes("open")
    os.kill(region.server, signal.SIGSTOP)
    try:
        region.becomes("closed")
    finally:
        os.kill(region.server, signal.SIGCONT)
    region.becomes("open")


@pytest.mark.parametrize("region", ["continue"], indirect=True)
def test_told_to_continue_it_does_and_closes_once_it_hears_of_the_failover(region: Region) -> None:
    region.start()
    region.becomes("open")
    os.kill(region.server, signal.SIGSTOP)
    try:
        time.sleep(2 * TTL)
        assert region.nft.found().barrier == "open"
        assert region.nft.found().endless
    finally:
        os.kill(region.server, signal.SIGCONT)
    claim(region.store, lost())
    region.becomes("closed")


def test_a_copy_that_is_promoted_past_the_record_is_closed(region: Region) -> None:
    claim(region.store, record(1, "in"))
    region.api.replica = dict(FOLLOWS)
    region.start()
    region.becomes("reading")
    region.api.replica = dict(WRITES)
    region.becomes("closed")


def test_the_addresses_of_instances_are_in_the_kernel(region: Region) -> None:
    region.api.pods = ("10.42.0.10", "10.42.1.7")
    region.start()
    region.becomes("open")
    listed = subprocess.run(
        [*region.nft.command, "nft", "list", "set", "inet", "openova_guard", "instances"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "10.42.0.10, 10.42.1.7" in listed
