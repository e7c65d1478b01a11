"""The local Cloudflare as it runs by itself: over HTTP, in the machine's time, with a state that outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from lab.cloudflare.account import Account, Contract
from lab.cloudflare.applied import Applying
from lab.cloudflare.command import Options, cloudflare, contract_of, servers_of
from lab.cloudflare.routes import PREFIX
from operations.cli import app
from settings.tiers import PlanTier
from tests.edge.origins import Node, nodes
from tests.edge.projects import addresses, stack
from tests.planning import ROOT
from tests.projects import copy_project

pytestmark = pytest.mark.edge

SCALE = 40
"""A check every 1.5 s of the machine's time, which may take an eighth of a second, three times."""


@dataclass
class Running:
    root: Path
    applying: Applying
    front: str
    nodes: dict[str, Node]

    def get(self, pop: str, **headers: str) -> httpx.Response:
        return httpx.get(self.front, headers={"Host": "api.openova.io", "Lab-Pop": pop, **headers}, timeout=30)

    def lab(self, method: str, what: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.applying.base.removesuffix(PREFIX)}/lab/{what}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    root = copy_project(tmp_path / "project")
    with nodes(pair for code in ("eu", "in") for pair in addresses(root, code).items()) as made:
        servers = {node.address: node.url for node in made.values()}
        options = Options(port=0, edge_port=0, servers=servers, scale=SCALE)
        with cloudflare(Contract(plan=PlanTier.PRO), options) as (base, front, token):
            one = Running(root, Applying(base, token), front, made)
            one.applying.up(stack(root))
            yield one


def eventually(done: Callable[[], bool]) -> bool:
    """Ask until it is so, at most a minute."""
    for _ in range(1200):
        if done():
            return True
        time.sleep(0.05)
    return False


def test_users_get_the_origins_answer_and_headers_that_tell_where_it_is_from(running: Running) -> None:
    answer = running.get("BOM", **{"Lab-Country": "IN"})
    assert answer.status_code == 200
    assert answer.headers["Lab-Pool"] == "india-pool"
    assert answer.headers["Lab-Origin"].startswith("contabo-in-")
    assert answer.headers["CF-Ray"].endswith("-BOM")
    assert answer.headers["Lab-Certificate"] == "universal"
    assert answer.json() == {
        "node": answer.headers["Lab-Origin"], "path": "/", "body": "", "host": "api.openova.io", "country": "IN",
        "method": "GET",
    }  # fmt: skip
    posted = httpx.post(f"{running.front}/orders?x=1", content=b"bread", headers={"Host": "api.openova.io"})
    assert (posted.json()["path"], posted.json()["body"], posted.json()["method"]) == ("/orders?x=1", "bread", "POST")
    assert posted.headers["Lab-Pool"] == "europe-pool", "Frankfurt answers those who name no data centre"


def test_a_data_centre_that_is_none_is_told(running: Running) -> None:
    assert running.get("XXX").status_code == 400
    assert "FRA or BOM" in running.get("XXX").text


def test_a_name_two_levels_deep_has_no_certificate_until_one_is_ordered(running: Running) -> None:
    deep = {"Host": "api.example.openova.io"}
    assert running.get("FRA", **deep).headers["Lab-Certificate"] == "none"
    running.applying.request("POST", f"/zones/{'0' * 32}/acm/total_tls", {"enabled": True})
    assert running.get("FRA", **deep).headers["Lab-Certificate"] == "advanced"


def test_a_region_that_is_cut_off_is_detected_and_comes_back(running: Running) -> None:
    cut = running.lab("POST", "cut", {"pool": "india-pool"})
    assert len(cut["addresses"]) == 3
    assert eventually(lambda: not running.lab("GET", "status")["pools"]["india-pool"]["healthy"])
    assert eventually(lambda: running.get("BOM").headers["Lab-Pool"] == "europe-pool")
    running.lab("POST", "heal")
    assert eventually(lambda: running.lab("GET", "status")["pools"]["india-pool"]["healthy"])
    assert eventually(lambda: running.get("BOM").headers["Lab-Pool"] == "india-pool")
    assert {event[3] for event in running.lab("GET", "events")} == {True, False}


def test_a_server_that_hangs_is_unhealthy_too(running: Running) -> None:
    running.nodes["contabo-eu-1"].hangs.set()
    try:
        assert eventually(lambda: not running.lab("GET", "status")["pools"]["europe-pool"]["origins"]["contabo-eu-1"])
        assert running.lab("GET", "status")["pools"]["europe-pool"]["healthy"]
    finally:
        running.nodes["contabo-eu-1"].hangs.clear()


def test_faults_can_be_asked_for_from_outside(running: Running) -> None:
    running.lab("POST", "faults", {"kind": "429", "method": "GET", "path": "/zones$", "retry_after": 3})
    headers = {"Authorization": f"Bearer {running.applying.token}"}
    first, second = (httpx.get(f"{running.applying.base}/zones", headers=headers) for _ in range(2))
    assert (first.status_code, first.headers["Retry-After"]) == (429, "3")
    assert second.status_code == 200
    assert ["GET", "/zones"] in running.lab("GET", "requests")
    base = running.applying.base.removesuffix(PREFIX)
    for method, what, body in (
        ("POST", "faults", {"kind": "fire"}),
        ("POST", "faults", {"unknown": 1}),
        ("POST", "cut", {"pool": "no-pool"}),
        ("GET", "nothing", None),
    ):
        assert httpx.request(method, f"{base}/lab/{what}", json=body).status_code == 400


def test_what_was_made_is_there_again_after_a_restart(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    options = Options(port=0, edge_port=0, state=tmp_path / "cloudflare.json")
    with cloudflare(Contract(), options) as (base, _, token):
        applying = Applying(base, token)
        applying.up(stack(root))
    assert (tmp_path / "cloudflare.json").stat().st_mode & 0o077 == 0, "it has tokens in it"
    with cloudflare(Contract(), options) as (base, _, again):
        assert again == token
        applying.base = base
        assert applying.refresh() == 0
        assert applying.up(stack(root)) == []


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", '{"tables": {}}', '{"tables": 1, "tokens": {}, "totalTls": {}}']
)
def test_a_state_that_cannot_be_read_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cloudflare.json"
    file.write_text(text)
    with pytest.raises(RuntimeError, match="is not the state of a local Cloudflare"):
        Account(file=file)
    assert file.read_text() == text


def test_every_wrong_origin_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"one, 192\.0\.2\.1=ftp://x is not"):
        servers_of(["one", "192.0.2.1=ftp://x", "192.0.2.2=http://127.0.0.1:1"])
    refused = CliRunner().invoke(app, ["lab", "cloudflare", "--origin", "one"])
    assert refused.exit_code == 2


def test_the_command_says_how_to_point_the_program_at_it_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "operations", "lab", "cloudflare", "--port", "0", "--edge-port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: dict[str, str] = {}
        for line in process.stdout:
            word, _, rest = line.strip().removeprefix("export ").replace("=", " ", 1).partition(" ")
            said[word] = rest.strip()
            if "lab/cut" in line:
                break
        base = said["CLOUDFLARE_BASE_URL"]
        assert base == said["API"]
        assert (said["CLOUDFLARE_API_TOKEN"], said["OPENOVA_EDGE_URL"]) == (said["Token"], said["Edge"])
        verified = httpx.get(f"{base}/user/tokens/verify", headers={"Authorization": f"Bearer {said['Token']}"})
        assert verified.json()["result"]["status"] == "active"
        assert httpx.get(said["Edge"], headers={"Host": "api.openova.io"}).status_code == 530
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_the_plan_and_the_ids_are_those_of_the_configuration() -> None:
    contract = contract_of(ROOT)
    assert (contract.zone, contract.plan) == ("openova.io", PlanTier.PRO)
    assert contract.account_id == contract.zone_id == "0" * 32
