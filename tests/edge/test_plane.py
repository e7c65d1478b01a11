"""The data plane by itself: policies, majorities, certificates, what users get for what happens on the way."""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.cloudflare.account import Account
from lab.cloudflare.plane.checks import failure_of, majority
from lab.cloudflare.plane.clock import Agenda, VirtualClock
from lab.cloudflare.plane.edge import Edge
from lab.cloudflare.plane.network import Ask, Network, Outcome
from lab.cloudflare.plane.places import distance, place
from lab.cloudflare.plane.steering import NotImitated, order
from tests.edge.origins import Node, handler_of, nodes

pytestmark = pytest.mark.edge

CHANCE = random.Random(7)  # noqa: S311 weights, not secrets
POOLS: Mapping[str, Any] = {
    "eu": {"latitude": 49.45, "longitude": 11.08},
    "in": {"latitude": 19.08, "longitude": 72.88},
    "nowhere": {},
}


def balancer(policy: str, **maps: Any) -> dict[str, Any]:
    return {
        "steering_policy": policy, "default_pools": ["eu", "in"], "fallback_pool": "eu", "random_steering": {},
        "pop_pools": {}, "country_pools": {}, "region_pools": {}, **maps,
    }  # fmt: skip


def steered(
    one: Mapping[str, Any], pop: str, country: str = "", rtt: Mapping[tuple[str, str], float] | None = None
) -> list[str]:
    return [*order(one, place(pop, country), POOLS, lambda region, pool: (rtt or {}).get((region, pool)), CHANCE)]


def test_the_finer_map_wins_data_centre_then_country_then_region_then_default() -> None:
    maps = {"pop_pools": {"BOM": ["a"]}, "country_pools": {"IN": ["b"]}, "region_pools": {"SAS": ["c"]}}
    one = balancer("geo", **maps)
    assert steered(one, "BOM", "IN") == ["a"]
    assert steered(one, "DEL", "IN") == ["b"]
    assert steered(one, "DEL", "NP") == ["c"]
    assert steered(one, "FRA", "DE") == ["eu", "in"]
    assert steered(balancer("off", **maps), "BOM", "IN") == ["eu", "in"], "maps count for geo only"


def test_proximity_is_by_distance_from_the_data_centre_and_unplaced_pools_are_last() -> None:
    one = balancer("proximity", default_pools=["nowhere", "in", "eu"])
    assert steered(one, "FRA") == ["eu", "in", "nowhere"]
    assert steered(one, "DXB") == ["in", "eu", "nowhere"]
    assert distance((50.03, 8.57), (1.35, 103.99)) == pytest.approx(10_264, rel=0.01), "Frankfurt to Singapore, in km"


def test_latency_steering_needs_measurements_of_every_pool_from_the_users_region() -> None:
    one = balancer("dynamic_latency")
    both = {("SAS", "eu"): 0.175, ("SAS", "in"): 0.035}
    assert steered(one, "BOM", rtt=both) == ["in", "eu"]
    assert steered(one, "BOM", rtt={("SAS", "in"): 0.035}) == ["eu", "in"]
    assert steered(one, "FRA", rtt=both) == ["eu", "in"]


def test_random_steering_goes_by_weight_and_asks_every_pool_in_the_end() -> None:
    one = balancer("random", random_steering={"default_weight": 1, "pool_weights": {"eu": 0.0}})
    orders = [steered(one, "FRA") for _ in range(50)]
    assert orders == [["in", "eu"]] * 50


def test_steering_that_is_not_imitated_is_told_and_not_guessed() -> None:
    with pytest.raises(NotImitated, match="least_connections"):
        steered(balancer("least_connections"), "FRA")
    with pytest.raises(NotImitated, match="coordinates of AAE"):
        steered(balancer("proximity"), "AAE")
    with pytest.raises(ValueError, match="XXX"):
        place("XXX")


@pytest.mark.parametrize(("votes", "yes"), [("y", True), ("n", False), ("yn", False), ("yyn", True), ("ynn", False)])
def test_a_majority_is_more_than_half(votes: str, yes: bool) -> None:
    assert majority([vote == "y" for vote in votes]) is yes


@pytest.mark.parametrize(
    ("codes", "status", "told"),
    [
        ("200", 200, ""),
        ("2xx", 204, ""),
        ("200-299", 250, ""),
        ("200,301", 301, ""),
        ("200", 500, "Response code mismatch error"),
        ("200", 301, "Unexpected redirect"),
    ],
)
def test_a_check_passes_by_its_expected_codes(codes: str, status: int, told: str) -> None:
    assert failure_of({"expected_codes": codes}, Outcome(0.1, status)) == told


def test_a_check_can_look_into_the_body() -> None:
    monitor = {"expected_codes": "200", "expected_body": "Alive"}
    assert failure_of(monitor, Outcome(0.1, 200, body=b"it is alive")) == ""
    assert failure_of(monitor, Outcome(0.1, 200, body=b"dead")) == "Response body mismatch error"


def test_what_is_due_is_done_in_its_order_and_time_never_goes_back() -> None:
    agenda = Agenda(VirtualClock())
    done: list[tuple[str, float]] = []
    agenda.plan(5, lambda: done.append(("late", agenda.clock.now())))

    def early() -> None:
        done.append(("early", agenda.clock.now()))
        agenda.plan(3, lambda: done.append(("new", agenda.clock.now())))

    agenda.plan(2, early)
    agenda.run_until(4)
    agenda.run_until(1)
    assert done == [("early", 2), ("new", 3)]
    assert agenda.clock.now() == 4
    assert agenda.next == 5


ASK = Ask("GET", "/health", {"Host": "api.openova.io"})


def test_every_failure_on_the_way_has_its_own_name(tmp_path: Path) -> None:
    with socket.socket() as closed, nodes([("one", "192.0.2.1")]) as made, tls(tmp_path, "api.openova.io") as secured:
        closed.bind(("127.0.0.1", 0))
        url, authority = secured
        servers = {
            "192.0.2.1": made["one"].url, "192.0.2.2": f"http://127.0.0.1:{closed.getsockname()[1]}", "192.0.2.3": url,
        }  # fmt: skip
        network = Network(servers)
        asked = {address: network.ask("WEU", address, 443, ASK, 5) for address in (*servers, "192.0.2.9")}
        assert [one.failure for one in asked.values()] == [None, "refused", "certificate", "timeout"]
        assert asked["192.0.2.9"].seconds == 5
        assert network.ask("WEU", "192.0.2.3", 443, Ask("GET", "/", {}, trusting=True), 5).status == 200
        network.authority = authority
        assert network.ask("WEU", "192.0.2.3", 443, ASK, 5).status == 200
        other = Ask("GET", "/", {"Host": "api.example.org"})
        assert network.ask("WEU", "192.0.2.3", 443, other, 5).failure == "certificate"


def test_a_way_that_takes_longer_than_the_timeout_is_a_timeout() -> None:
    with nodes([("one", "192.0.2.1")]) as made:
        network = Network({"192.0.2.1": made["one"].url}, rtt=lambda region, address: 6.0)
        assert network.ask("OC", "192.0.2.1", 443, ASK, 5) == Outcome(5, failure="timeout")


@pytest.mark.parametrize(("failure", "status"), [("refused", 521), ("timeout", 522)])
def test_users_get_cloudflares_own_errors(failure: str, status: int) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        servers = {"192.0.2.1": f"http://127.0.0.1:{closed.getsockname()[1]}"} if failure == "refused" else {}
        account = Account()
        account.tables["dns_records"]["1"] = {"name": "api-eu.openova.io", "type": "A", "content": "192.0.2.1"}
        assert Edge(account, Network(servers)).get("api-eu.openova.io", "FRA").status == status


def test_a_name_that_nobody_made_and_a_tunnel_without_connectors_are_told() -> None:
    account = Account()
    account.tables["dns_records"]["1"] = {"name": "api.openova.io", "type": "CNAME", "content": "x.cfargotunnel.com"}
    edge = Edge(account)
    assert b"1033" in edge.get("api.openova.io", "FRA").body
    assert b"1016" in edge.get("other.openova.io", "FRA").body


@contextmanager
def tls(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """A node over https with a certificate of its own: its URL and the certificate's file."""
    certificate = _certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / "key.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(Node("secured", "192.0.2.3"))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}", str(certificate)
        server.shutdown()


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem"
