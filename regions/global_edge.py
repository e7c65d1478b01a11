"""The stack `global`: how users reach the regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.edge.provider import HealthCheck, Notifications, Origin, Pool, RecordsRequest, TrafficRequest
from regions.contract import GlobalOutputs, RegionOutputs, export
from regions.inputs import SecretInput
from regions.providers import traffic_provider
from regions.references import Peer, References
from regions.traffic import detection_seconds, edge_problems, steering_of, uncovered_names
from settings.naming import edge_hosts, health_host, pool_name
from settings.platform import Platform, RegionLine
from settings.problems import SettingsError
from settings.secrets import SLACK_WEBHOOK
from settings.stacks import GlobalStack


async def compose_global(
    platform: Platform, stack: GlobalStack, references: References, secret_input: SecretInput
) -> None:
    """Register everything of the stack `global`, and export it. Raises RunError before anything is made."""
    problems = edge_problems(platform)
    if problems:
        raise pulumi.RunError(str(SettingsError(problems)))
    _tell(platform)
    peers = {code: await references.region(code) for code in platform.codes}
    for peer in peers.values():
        references.require(peer)
    GlobalEdge("edge", GlobalEdgeArgs(platform, stack, peers, secret_input))
    steering = steering_of(platform)
    export(
        GlobalOutputs(
            hosts=list(edge_hosts(platform)),
            steering={
                "policy": steering.policy,
                "default": list(steering.default_order),
                "areas": {
                    area: list(order)
                    for areas in (steering.pop_pools, steering.country_pools, steering.region_pools)
                    for area, order in areas.items()
                },
            },
        )
    )


def _tell(platform: Platform) -> None:
    """What to know before anything is made; the plan tells the same, and the price."""
    seconds = detection_seconds(platform)
    if seconds is not None:
        pulumi.log.info(f"A dead region leaves traffic in at most {seconds} s.")
    for finding in uncovered_names(platform):
        pulumi.log.info(str(finding))


class GlobalEdgeArgs:
    """The settings, the regions' outputs, and where secrets are had."""

    def __init__(
        self,
        platform: Platform,
        stack: GlobalStack,
        peers: Mapping[str, Peer[RegionOutputs]],
        secret_input: SecretInput,
    ) -> None:
        self.platform = platform
        self.stack = stack
        self.peers = peers
        self.secret_input = secret_input


class GlobalEdge(pulumi.ComponentResource):
    """Load balancing, or plain records; a tunnel needs neither: its names stand in the stack `shared`."""

    def __init__(self, name: str, args: GlobalEdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:regions:GlobalEdge", name, None, opts)
        mode = args.platform.edge.mode
        here = pulumi.ResourceOptions(parent=self)
        if mode == "load-balancer":
            traffic_provider(args.platform).route(f"{name}-traffic", _traffic(args), here)
        elif mode == "records":
            traffic_provider(args.platform).point(f"{name}-records", _records(args), here)
        self.register_outputs({"hosts": list(edge_hosts(args.platform))})


def _traffic(args: GlobalEdgeArgs) -> TrafficRequest:
    platform, told = args.platform, args.platform.edge.notifications
    return TrafficRequest(
        hosts=edge_hosts(platform),
        pools=_pools(args),
        steering=steering_of(platform),
        health_check=_health_check(platform),
        notifications=Notifications(
            email=told.email,
            webhook=args.secret_input(SLACK_WEBHOOK) if told.slack else None,
        ),
        protect=args.stack.protect,
    )


def _health_check(platform: Platform) -> HealthCheck:
    edge = platform.edge
    return HealthCheck(
        host=edge_hosts(platform)[0],
        path=edge.monitor.path,
        interval=edge.check_interval,
        timeout=edge.monitor.timeout,
        retries=edge.monitor.retries,
        check_regions=edge.monitor.check_regions,
        allow_invalid_certificate=edge.monitor.origin_certificate == "any",
    )


def _records(args: GlobalEdgeArgs) -> RecordsRequest:
    """The primary's nodes, or another region's while the primary is drained."""
    return RecordsRequest(
        hosts=edge_hosts(args.platform),
        pools=_pools(args),
        region=steering_of(args.platform).fallback,
    )


def _pools(args: GlobalEdgeArgs) -> tuple[Pool, ...]:
    return tuple(_pool(args.platform, line, args.peers[line.code]) for line in args.platform.regions)


def _pool(platform: Platform, line: RegionLine, peer: Peer[RegionOutputs]) -> Pool:
    addresses: pulumi.Output[Any] = peer.output("addresses")
    return Pool(
        region=line.code,
        name=pool_name(line),
        origins=tuple(Origin(name=node, address=_address(addresses, node)) for node in line.nodes),
        health_host=health_host(platform, line.code),
        latitude=line.coordinates.latitude,
        longitude=line.coordinates.longitude,
    )


def _address(addresses: pulumi.Output[Any], node: str) -> pulumi.Output[str]:
    return addresses.apply(lambda every: str(every[node]))
