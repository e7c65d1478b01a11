"""Who would answer a user, worked out from the resources that an adapter registered.

Each provider's rules as its documentation states them: Cloudflare, "Traffic steering" (area map, then default pools,
then the fallback pool); Route 53, Developer Guide, "How Route 53 chooses records when health checking is configured"
(a group in which nothing is healthy answers as if everything were).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from operations.plan.monitor import RecordingMonitor
from operations.plan.recorded import Evaluation, Recorded
from tests.recording import record

BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"
POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
CLOUDFLARE_RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RECORD = "aws:route53/record:Record"
CHECK = "aws:route53/healthCheck:HealthCheck"


@dataclass(frozen=True)
class User:
    """Where a user is, in the codes of each provider; `aws_regions` from the nearest on."""

    area: str
    continent: str
    country: str
    aws_regions: Sequence[str]


Answer = Callable[[Evaluation, str, User, Collection[str]], set[str]]
"""The addresses that `host` may lead a user to while the nodes of some addresses are dead. Raises LookupError where
there is no such host."""


def applied(program: Callable[[], Any]) -> Evaluation:
    """What `program` registers in an update, in which each resource's id is its name."""

    class WithIds(RecordingMonitor):
        def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the SDK's own name
            response = super().RegisterResource(request)
            response.id = request.name if request.custom else ""
            return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("operations.plan.evaluate.RecordingMonitor", WithIds)
        return record(program, preview=False)


def cloudflare_answer(evaluation: Evaluation, host: str, user: User, dead: Collection[str]) -> set[str]:
    """As a load balancer, or a plain record, answers."""
    plain = {item.inputs["content"] for item in _named(evaluation, CLOUDFLARE_RECORD, host)}
    if plain:
        return plain
    balancers = _named(evaluation, BALANCER, host)
    if not balancers:
        raise LookupError(host)
    asked = balancers[0].inputs
    pools = {item.name: item for item in evaluation.of_type(POOL)}
    for name in (asked.get("regionPools") or {}).get(user.area, asked["defaultPools"]):
        alive = _origins(pools[name]) - set(dead)
        if len(alive) >= pools[name].inputs["minimumOrigins"]:
            return alive
    return _origins(pools[asked["fallbackPool"]])


def _origins(pool: Recorded) -> set[str]:
    return {origin["address"] for origin in pool.inputs["origins"] if origin["enabled"]}


def route53_answer(evaluation: Evaluation, host: str, user: User, dead: Collection[str]) -> set[str]:
    """As the tree of records answers."""
    return _Tree(evaluation, user, set(dead)).answer(host)


class _Tree:
    def __init__(self, evaluation: Evaluation, user: User, dead: set[str]) -> None:
        self._user, self._dead = user, dead
        self._checks = {item.name: item for item in evaluation.of_type(CHECK)}
        self._groups: dict[str, list[Recorded]] = defaultdict(list)
        for item in evaluation.of_type(RECORD):
            self._groups[item.inputs["name"]].append(item)

    def answer(self, host: str) -> set[str]:
        if host not in self._groups:
            raise LookupError(host)
        group = self._groups[host]
        return {address for record in self._chosen(group) for address in self._leads_to(record)}

    def _leads_to(self, record: Recorded) -> set[str]:
        if "aliases" not in record.inputs:
            return set(record.inputs["records"])
        return self.answer(record.inputs["aliases"][0]["name"])

    def _chosen(self, group: list[Recorded]) -> list[Recorded]:
        ranked = sorted((item for item in group if self._rank(item) is not None), key=self._rank)
        healthy = [item for item in ranked if self._healthy(item)] or ranked
        return healthy if "weightedRoutingPolicies" in group[0].inputs else healthy[:1]

    def _rank(self, record: Recorded) -> Any:
        """Its place in the group for this user; None where it is not for this user at all."""
        for policy in record.inputs.get("failoverRoutingPolicies", ()):
            return ("PRIMARY", "SECONDARY").index(policy["type"])
        for policy in record.inputs.get("latencyRoutingPolicies", ()):
            return list(self._user.aws_regions).index(policy["region"])
        for policy in record.inputs.get("geolocationRoutingPolicies", ()):
            places = [("country", self._user.country), ("continent", self._user.continent), ("country", "*")]
            (place,) = policy.items()
            return places.index(place) if place in places else None
        return 0

    def _healthy(self, record: Recorded) -> bool:
        check = record.inputs.get("healthCheckId")
        if check is not None and not self._passes(self._checks[check]):
            return False
        for alias in record.inputs.get("aliases", ()):
            if alias["evaluateTargetHealth"]:
                return any(self._healthy(item) for item in self._groups[alias["name"]])
        return True

    def _passes(self, check: Recorded) -> bool:
        if check.inputs["type"] != "CALCULATED":
            return check.inputs["ipAddress"] not in self._dead
        children = [self._passes(self._checks[name]) for name in check.inputs["childHealthchecks"]]
        enough: int = check.inputs["childHealthThreshold"]
        return sum(children) >= enough


def _named(evaluation: Evaluation, type_: str, host: str) -> list[Recorded]:
    return [item for item in evaluation.of_type(type_) if item.inputs["name"] == host]
