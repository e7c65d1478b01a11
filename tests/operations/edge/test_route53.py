"""What the program makes in Route 53 at moto, read again as commands see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.edge.judge import judge_edge, observe_edge
from operations.edge.model import EdgeAccess, EdgeError
from settings.loader import load_project
from settings.platform import Platform
from tests.projects import copy_project, share

pytestmark = pytest.mark.edge

boto3 = pytest.importorskip("boto3", reason='needs boto3 and moto: make aws WITH="--group aws"')
moto = pytest.importorskip("moto", reason='needs boto3 and moto: make aws WITH="--group aws"')

from operations.edge.access import edge_of  # noqa: E402 after what it needs
from operations.edge.route53 import Route53Edge  # noqa: E402

ADDRESSES = {"eu": "203.0.113.1", "in": "198.51.100.1"}


def in_zone(platform: Platform, zone: str) -> Platform:
    route53 = platform.edge.route53.model_copy(update={"zone_id": zone})
    return platform.model_copy(update={"edge": platform.edge.model_copy(update={"route53": route53})})


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Two regions with latency records, made in moto's account in the form that components/edge/route53 gives them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    root = copy_project(tmp_path)
    with moto.mock_aws():
        client = boto3.client("route53", region_name="us-east-1")
        zone = client.create_hosted_zone(Name="openova.io", CallerReference="zone")["HostedZone"]["Id"].split("/")[-1]
        share(root, "edge.provider", "route53")
        share(root, "edge.monitor", {"path": "/health", "interval": 30})
        share(root, "edge.route53.zoneId", "Z0123456789ABCDEFGHIJ")
        # moto's zones do not begin with Z, as AWS's do.
        platform = in_zone(load_project(root).platform, zone)
        changes = []
        for code, net in ADDRESSES.items():
            for number in (1, 2, 3):
                changes.append(_weighted(client, code, number, f"{net}{number}"))
            changes.append(_alias("_nearest", f"api-{code}", zone, SetIdentifier=code, Region=_AWS[code]))
        for host in ("api", "api.example"):
            changes.append(_alias(host, "_nearest", zone, SetIdentifier="primary", Failover="PRIMARY"))
            changes.append(_alias(host, "api-eu", zone, SetIdentifier="secondary", Failover="SECONDARY"))
        client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
        yield platform


_AWS = {"eu": "eu-central-1", "in": "ap-south-1"}


def _weighted(client: object, code: str, number: int, address: str) -> dict[str, object]:
    config = {"Type": "HTTPS", "IPAddress": address, "Port": 443, "ResourcePath": "/health"}
    made = client.create_health_check(CallerReference=f"{code}{number}", HealthCheckConfig=config)  # type: ignore[attr-defined]
    record = {
        "Name": f"api-{code}.openova.io", "Type": "A", "TTL": 60, "SetIdentifier": f"contabo-{code}-{number}",
        "Weight": 1, "ResourceRecords": [{"Value": address}], "HealthCheckId": made["HealthCheck"]["Id"],
    }  # fmt: skip
    return {"Action": "CREATE", "ResourceRecordSet": record}


def _alias(name: str, target: str, zone: str, **policy: str) -> dict[str, object]:
    alias = {"HostedZoneId": zone, "DNSName": f"{target}.openova.io.", "EvaluateTargetHealth": True}
    record = {"Name": f"{name}.openova.io", "Type": "A", "AliasTarget": alias, **policy}
    return {"Action": "CREATE", "ResourceRecordSet": record}


def test_names_lead_to_the_regions_that_the_records_have(platform: Platform) -> None:
    seen = Route53Edge(platform).look()
    for host in ("api.openova.io", "api.example.openova.io"):
        assert seen.hosts[host].regions == {"eu", "in"}
        assert seen.hosts[host].fallback == "eu"


def test_every_node_is_known_by_the_check_of_its_address(platform: Platform) -> None:
    pools = Route53Edge(platform).look().pools
    assert [server.name for server in pools["in"].servers] == [f"contabo-in-{number}" for number in (1, 2, 3)]


def test_a_drained_region_that_records_lead_to_is_told(platform: Platform) -> None:
    drained = platform.edge.model_copy(update={"drained": ("eu",)})
    platform = platform.model_copy(update={"edge": drained})
    checks = {each.where: each for each in judge_edge(platform, Route53Edge(platform).look(), "")}
    assert checks["eu"].status == "fail"
    assert "last resort is eu" in checks["platform"].seen


def test_the_zone_of_somebody_else_is_one_unknown_check(platform: Platform) -> None:
    edge = Route53Edge(in_zone(platform, "Z0"))
    (check,) = judge_edge(platform, *observe_edge(EdgeAccess(edge)))
    assert check.status == "unknown"
    assert "Route 53" in check.seen


def test_records_are_left_to_pulumi(platform: Platform) -> None:
    with pytest.raises(EdgeError, match="Pulumi alone"):
        Route53Edge(platform).carry_out(platform)


def test_the_settings_choose_it(platform: Platform, tmp_path: Path) -> None:
    assert isinstance(edge_of(tmp_path, platform).edge, Route53Edge)
