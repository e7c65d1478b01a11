"""Route 53's health checks and records as they are now. Needs boto3, of the extra `aws`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from operations.edge import direct
from operations.edge.model import Asked, EdgeError, EdgeSeen, HostSeen, PoolSeen, ServerSeen
from settings.naming import edge_hosts, health_host, pool_name
from settings.platform import Platform

HEALTHY_SHARE: Final = 0.18
"""A check is healthy where more than 18 % of its checkers say so (Developer Guide, "How Route 53 determines whether a
health check is healthy")."""

_AT_ONCE: Final = 8
_DEPTH: Final = 8
"""Alias records lead to alias records: host, nearest, a chain of regions, a direct name."""

Object = Mapping[str, Any]


class Route53Edge:
    """The hosted zone, and the health checks of its nodes, with the credentials of the environment."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})
        # Route 53 is asked in us-east-1, wherever the account's own default is.
        self._client: Any = boto3.client("route53", region_name="us-east-1", config=config)

    def look(self) -> EdgeSeen:
        """Every region's checks, and the regions to which each name may lead. Raises EdgeError."""
        try:
            checks = {str(one["HealthCheckConfig"].get("IPAddress")): one for one in self._all_checks()}
            records = self._records()
            with ThreadPoolExecutor(_AT_ONCE) as asking:
                codes = self._platform.codes
                pools = asking.map(lambda code: self._pool(code, records, checks), codes)
                seen = dict(zip(codes, pools, strict=True))
        except (BotoCoreError, ClientError) as error:
            raise EdgeError(f"Route 53: {error}") from None
        hosts = {name: found for name in edge_hosts(self._platform) if (found := self._host(name, records))}
        return EdgeSeen({code: pool for code, pool in seen.items() if pool.servers}, hosts)

    def ask(self, code: str) -> Asked:
        """Ask one of the region's servers now: no edge is between."""
        host, path = health_host(self._platform, code), self._platform.edge.monitor.path
        return direct.ask(host, path, front=os.environ.get("OPENOVA_EDGE_URL", ""), through_cloudflare=False)

    def carry_out(self, platform: Platform) -> tuple[str, ...]:
        """Raises EdgeError: records hang together in a tree, which only Pulumi makes. Checks take a dead region out."""
        raise EdgeError("the records of Route 53 are made by Pulumi alone")

    def _all_checks(self) -> list[Object]:
        pages = self._client.get_paginator("list_health_checks").paginate()
        return [one for page in pages for one in page["HealthChecks"]]

    def _records(self) -> dict[str, list[Object]]:
        found: dict[str, list[Object]] = {}
        zone = self._platform.edge.route53.zone_id
        for page in self._client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone):
            for record in page["ResourceRecordSets"]:
                found.setdefault(str(record["Name"]).rstrip("."), []).append(record)
        return found

    def _pool(self, code: str, records: Mapping[str, list[Object]], checks: Mapping[str, Object]) -> PoolSeen:
        """The nodes of the region's direct name, each by the check of its address."""
        name = pool_name(self._platform.region(code))
        servers = []
        for record in records.get(health_host(self._platform, code), []):
            address = record["ResourceRecords"][0]["Value"]
            check = checks.get(str(address))
            if check is not None:
                servers.append(self._server(str(record.get("SetIdentifier", address)), str(check["Id"])))
        return PoolSeen(code, name, servers=tuple(servers))

    def _server(self, name: str, check: str) -> ServerSeen:
        said = self._client.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
        reports = [str(one["StatusReport"]["Status"]) for one in said if "StatusReport" in one]
        passed = sum(report.startswith("Success") for report in reports)
        reason = next((report for report in reports if not report.startswith("Success")), "")
        healthy = passed > HEALTHY_SHARE * len(reports) if reports else None
        return ServerSeen(name, healthy, anywhere=passed > 0, reason=reason)

    def _host(self, name: str, records: Mapping[str, list[Object]]) -> HostSeen | None:
        """A name's regions: the last resort is the second answer of its failover, the others follow from the first."""
        direct_names = {health_host(self._platform, code): code for code in self._platform.codes}
        found: list[str] = []
        fallback = ""
        for record in records.get(name, []):
            codes = list(dict.fromkeys(_leads(record, records, direct_names)))
            if record.get("Failover") == "SECONDARY":
                fallback = next(iter(codes), "")
            else:
                found += codes
        return HostSeen(name, True, tuple(dict.fromkeys(found)), fallback) if found or fallback else None


def _leads(
    record: Object, records: Mapping[str, list[Object]], direct_names: Mapping[str, str], depth: int = _DEPTH
) -> Iterator[str]:
    target = str((record.get("AliasTarget") or {}).get("DNSName", "")).rstrip(".")
    if target in direct_names:
        yield direct_names[target]
    elif target and depth:
        for below in records.get(target, []):
            yield from _leads(below, records, direct_names, depth - 1)
