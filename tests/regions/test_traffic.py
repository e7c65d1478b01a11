"""From settings to what the edge is asked: detection times, the firewall's clients, the bucket, the checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.plan.check import checked
from regions.traffic import detection_seconds, steering_of
from settings.loader import Project
from settings.naming import web_clients
from settings.networks import CLOUDFLARE_CIDRS, EVERYBODY
from settings.project import read_project
from settings.residency import bucket_placement
from settings.stacks import RegionStack
from tests.planning import planned
from tests.projects import copy_project, edit, remove, share

MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("regions.traffic.find_spec", lambda name: object())
    return copy_project(tmp_path / "project")


def project(root: Path) -> Project:
    return checked(read_project(root))


def to_route53(root: Path) -> None:
    share(root, "edge.provider", "route53")
    share(root, "edge.monitor", {"path": "/health"})
    share(root, "edge.route53", {"zoneId": "Z0000000000000000000"})


def test_cloudflare_detects_in_an_interval_and_every_try(root: Path) -> None:
    assert detection_seconds(project(root).platform) == 60 + 3 * 5 + 5


def test_route_53_detects_in_every_interval_and_the_time_to_live(root: Path) -> None:
    to_route53(root)
    assert detection_seconds(project(root).platform) == 3 * 30 + 6 + 60
    share(root, "edge.monitor.interval", 10)
    share(root, "edge.monitor.retries", 0)
    share(root, "edge.route53.ttl", 10)
    share(root, "budget", 100)
    assert detection_seconds(project(root).platform) == 10 + 6 + 10


def test_a_tunnel_detects_with_its_own_interval_where_none_is_set(root: Path) -> None:
    share(root, "edge.mode", "tunnel")
    assert detection_seconds(project(root).platform) == 3 * (60 + 5) + 5
    remove(root / "Pulumi.yaml", "config.edge.value.monitor.interval")
    assert detection_seconds(project(root).platform) == 3 * (10 + 5) + 5


def test_nothing_detects_a_dead_region_behind_plain_records(root: Path) -> None:
    share(root, "edge.mode", "records")
    assert detection_seconds(project(root).platform) is None


def test_who_may_reach_the_nodes_follows_the_provider(root: Path) -> None:
    def clients() -> tuple[str, ...]:
        read = project(root)
        stack = read.stacks["eu"]
        assert isinstance(stack, RegionStack)
        return web_clients(read.platform, stack)

    assert clients() == CLOUDFLARE_CIDRS
    to_route53(root)
    assert clients() == EVERYBODY
    edit(root / "Pulumi.eu.yaml", "config.openova:httpCidrs", ["192.0.2.0/24"])
    assert clients() == ("192.0.2.0/24",)
    share(root, "edge.provider", "cloudflare")
    share(root, "edge.mode", "tunnel")
    assert clients() == ()


def test_the_primarys_names_move_on_while_it_is_drained(root: Path) -> None:
    share(root, "edge.mode", "records")
    share(root, "edge.drained", ["eu"])
    assert steering_of(project(root).platform).fallback == "in"
    records = planned(root).evaluations["global"].of_type(RECORD)
    assert {item.name for item in records if item.inputs["name"] == "api.openova.io"} == {
        f"edge-records-api.openova.io-contabo-in-{number}" for number in (1, 2, 3)
    }


@pytest.mark.parametrize(("certificate", "insecure"), [(None, True), ("any", True), ("trusted", False)])
def test_a_node_is_healthy_with_the_certificate_that_it_has_by_itself(
    root: Path, certificate: str | None, insecure: bool
) -> None:
    if certificate is not None:
        share(root, "edge.monitor.originCertificate", certificate)
    (monitor,) = planned(root).evaluations["global"].of_type(MONITOR)
    assert monitor.inputs["allowInsecure"] is insecure


def test_the_bucket_lies_near_the_first_region_whoever_is_primary(root: Path) -> None:
    share(root, "backups.bucket", {"name": "openova-backups"})
    assert bucket_placement(project(root).platform) == ("weur", "default")
    platform = project(root).platform
    turned = platform.model_copy(update={"regions": platform.regions[::-1]})
    assert bucket_placement(turned) == ("apac", "default")


def test_the_bucket_is_bound_to_the_union_where_the_data_is(root: Path) -> None:
    share(root, "backups.bucket", {"name": "openova-backups"})
    platform = project(root).platform
    residency = platform.residency.model_copy(update={"mongodb": "eu"})
    bound = platform.model_copy(update={"residency": residency, "regions": platform.regions[::-1]})
    assert bucket_placement(bound) == ("weur", "eu")


def test_a_placement_that_is_set_stays(root: Path) -> None:
    share(root, "backups.bucket", {"name": "openova-backups", "location": "oc", "jurisdiction": "eu"})
    assert bucket_placement(project(root).platform) == ("oc", "eu")
