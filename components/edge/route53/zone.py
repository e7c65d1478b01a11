"""The records of a hosted zone, one method a routing policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from components.edge.geolocation import Area
from components.edge.provider import Origin, record_type


@dataclass(frozen=True)
class Zone:
    """Where records are made: beneath which component, in which hosted zone, over which connection."""

    name: str
    parent: pulumi.Resource
    zone_id: pulumi.Input[str]
    provider: aws.Provider

    def options(self, below: Sequence[pulumi.Resource] = (), *, protect: bool = False) -> pulumi.ResourceOptions:
        """Options of a child. An alias needs its target first (`below`): Route 53 refuses one that leads nowhere."""
        return pulumi.ResourceOptions(
            parent=self.parent, provider=self.provider, depends_on=list(below), protect=protect
        )

    def weighted(self, origin: Origin, host: str, check: pulumi.Input[str], ttl: int) -> aws.route53.Record:
        """One node's address among those of its region, each as likely as the others."""
        return aws.route53.Record(
            f"{self.name}-health-{origin.name}",
            zone_id=self.zone_id,
            name=host,
            type="A",
            records=[ipv4(origin.address)],
            ttl=ttl,
            set_identifier=origin.name,
            weighted_routing_policies=[aws.route53.RecordWeightedRoutingPolicyArgs(weight=1)],
            health_check_id=check,
            opts=self.options(),
        )

    def latency(
        self,
        host: str,
        region: str,
        aws_region: str,
        target: str,
        check: pulumi.Input[str],
        below: Sequence[pulumi.Resource],
    ) -> aws.route53.Record:
        """Users who are near `aws_region` go to `target`, as long as `check` is healthy."""
        return self._alias(
            f"{self.name}-latency-{region}",
            host,
            target,
            below,
            set_identifier=region,
            latency_routing_policies=[aws.route53.RecordLatencyRoutingPolicyArgs(region=aws_region)],
            health_check_id=check,
        )

    def geolocation(self, host: str, area: Area, target: str, below: Sequence[pulumi.Resource]) -> aws.route53.Record:
        """Users of a place go to `target`, as long as anything behind it is healthy."""
        place = {area.kind: area.code}
        label = f"{area.kind}-{area.code}".replace("country-*", "default")
        return self._alias(
            f"{self.name}-geolocation-{label}",
            host,
            target,
            below,
            evaluate=True,
            set_identifier=label,
            geolocation_routing_policies=[aws.route53.RecordGeolocationRoutingPolicyArgs(**place)],
        )

    def failover(
        self,
        host: str,
        role: Literal["PRIMARY", "SECONDARY"],
        target: str,
        below: Sequence[pulumi.Resource],
        *,
        check: pulumi.Input[str] | None = None,
        always: bool = False,
        protect: bool = False,
    ) -> aws.route53.Record:
        """One of the two answers for `host`: healthy as `check` says, or as its target is; `always` counts as so."""
        return self._alias(
            f"{self.name}-{host}-{role.lower()}",
            host,
            target,
            below,
            evaluate=check is None and not always,
            protect=protect,
            set_identifier=role.lower(),
            failover_routing_policies=[aws.route53.RecordFailoverRoutingPolicyArgs(type=role)],
            health_check_id=check,
        )

    def _alias(
        self,
        name: str,
        host: str,
        target: str,
        below: Sequence[pulumi.Resource],
        *,
        evaluate: bool = False,
        protect: bool = False,
        **policy: Any,
    ) -> aws.route53.Record:
        alias = aws.route53.RecordAliasArgs(name=target, zone_id=self.zone_id, evaluate_target_health=evaluate)
        options = self.options(below, protect=protect)
        return aws.route53.Record(
            name, zone_id=self.zone_id, name=host, type="A", aliases=[alias], **policy, opts=options
        )


def ipv4(address: pulumi.Input[str]) -> pulumi.Output[str]:
    """The address, which may be known late. Raises ValueError, once it is known, where it is not an IPv4 address."""
    return pulumi.Output.from_input(address).apply(_ipv4)


def _ipv4(address: str) -> str:
    if record_type(address) != "A":
        raise ValueError(
            f"{address} is not an IPv4 address, and the names of Route 53 are A records. Users could not reach the "
            "node. Give its public IPv4 address."
        )
    return address
