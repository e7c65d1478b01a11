"""The gate of a connector, run by the shell that its image has, against a region whose health changes.

Both run in a PID namespace of their own, so that no other program of this machine can be meant.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.planning import ROOT

GATE = ROOT / "components" / "edge" / "scripts" / "gate.sh"
STANDIN = Path(__file__).parent / "standins" / "cloudflared"
FAILURES = 3
KUBELET = """
until [ -p "$GATE_DIR/token" ]; do sleep 0.05; done
while :; do "$0"; sleep 0.05; done
"""
"""Starts what ended, as the kubelet does."""


@dataclass
class Region:
    """An ingress: `answers` are the next ones by status, then `status` for ever. `asked` are the requests so far."""

    status: int = 503
    answers: list[int] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@dataclass(frozen=True)
class Pod:
    """The region, the gate's folder, and what cloudflared wrote down."""

    region: Region
    folder: Path
    environment: dict[str, str]

    def events(self) -> list[str]:
        path = Path(self.environment["EVENTS"])
        return path.read_text().splitlines() if path.exists() else []

    def wait_for(self, *events: str) -> None:
        """Until exactly these happened. Fails after half a minute without them."""
        for _ in range(300):
            if self.events() == list(events):
                return
            time.sleep(0.1)
        raise AssertionError(f"{self.events()} instead of {list(events)}")

    def wait_for_checks(self, count: int) -> None:
        """Until the region was asked that often again."""
        wanted = len(self.region.asked) + count
        for _ in range(300):
            if len(self.region.asked) >= wanted:
                return
            time.sleep(0.1)
        raise AssertionError(f"asked {len(self.region.asked)} times, not {wanted}")


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    missing = [name for name in ("busybox", "unshare") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"the gate needs root{''.join(f', {name}' for name in missing)}")
    region = Region()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(region))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder, applets = tmp_path / "gate", tmp_path / "applets"
    for made in (folder, applets):
        made.mkdir()
    # As in the image: every tool is busybox.
    subprocess.run(["busybox", "--install", "-s", str(applets)], check=True)
    (tmp_path / "secret").write_text("a-token")
    environment = {
        "PATH": f"{applets}:{os.environ['PATH']}",
        "GATE_URL": f"http://127.0.0.1:{server.server_port}/health",
        "GATE_HOST": "api.openova.io",
        "GATE_INTERVAL": "0.2",
        "GATE_TIMEOUT": "5",
        "GATE_FAILURES": str(FAILURES),
        "GATE_TOKEN": str(tmp_path / "secret"),
        "GATE_DIR": str(folder),
        "EVENTS": str(tmp_path / "events"),
    }
    yield Pod(region, folder, environment)
    server.shutdown()
    server.server_close()


def handler(region: Region) -> type[BaseHTTPRequestHandler]:
    class Ingress(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            region.asked.append((self.path, self.headers["Host"]))
            self.send_response(region.answers.pop(0) if region.answers else region.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Ingress


@pytest.fixture
def running(pod: Pod) -> Iterator[Pod]:
    """Gate and cloudflared, both started."""
    process = start(pod, f"sh {GATE} & exec sh -c '{KUBELET}' {STANDIN}")
    yield pod
    stop(process)


def start(pod: Pod, script: str) -> subprocess.Popen[bytes]:
    alone = [
        shutil.which("unshare") or "unshare",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-c",
        script,
    ]
    return subprocess.Popen(alone, env=pod.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_a_connector_waits_until_its_region_is_healthy(running: Pod) -> None:
    running.wait_for_checks(FAILURES + 2)
    assert running.events() == []
    running.region.status = 200
    running.wait_for("serves with a-token")


def test_the_region_is_asked_for_its_health_under_the_hosts_name(running: Pod) -> None:
    running.wait_for_checks(1)
    assert set(running.region.asked) == {("/health", "api.openova.io")}


def test_a_connector_leaves_with_its_regions_health_and_comes_back_with_it(running: Pod) -> None:
    running.region.status = 200
    running.wait_for("serves with a-token")
    running.region.status = 503
    running.wait_for("serves with a-token", "ended")
    running.wait_for_checks(FAILURES + 2)
    assert running.events() == ["serves with a-token", "ended"]
    running.region.status = 200
    running.wait_for("serves with a-token", "ended", "serves with a-token")


def test_fewer_failures_than_are_asked_for_change_nothing(running: Pod) -> None:
    running.region.status = 200
    running.wait_for("serves with a-token")
    running.region.answers += [503] * (FAILURES - 1) + [200] + [503] * (FAILURES - 1)
    running.wait_for_checks(2 * FAILURES + 2)
    assert running.events() == ["serves with a-token"]


def test_a_connector_that_died_by_itself_gets_its_token_again(running: Pod) -> None:
    running.region.status = 200
    running.wait_for("serves with a-token")
    running.wait_for_checks(2)
    with (running.folder / "token").open() as pipe:
        assert pipe.read() == "a-token"


def test_a_gate_that_is_new_itself_ends_a_connector_of_an_unhealthy_region(pod: Pod) -> None:
    first = f"sh {GATE} & gate=$!; sh -c '{KUBELET}' {STANDIN} & "
    second = f'until [ -e "$EVENTS" ]; do sleep 0.1; done; kill -9 $gate; exec sh {GATE}'
    pod.region.answers.append(200)
    process = start(pod, first + second)
    try:
        pod.wait_for("serves with a-token", "ended")
    finally:
        stop(process)
