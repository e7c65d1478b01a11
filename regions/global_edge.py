"""The stack `global`: how users reach the regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.edge.cloudflare import CloudflareTraffic, CloudflareTrafficArgs
from components.edge.provider import HealthCheck, Notifications, Origin, Pool
from components.edge.records import CloudflareRecords, CloudflareRecordsArgs
from regions.contract import GlobalOutputs, RegionOutputs, export
from regions.inputs import SecretInput
from regions.references import Peer, References
from regions.traffic import edge_problems, steering_of
from settings.naming import edge_hosts, health_host
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
        edge = args.platform.edge
        here = pulumi.ResourceOptions(parent=self)
        if edge.mode == "load-balancer":
            CloudflareTraffic(f"{name}-traffic", _traffic(args), here)
        elif edge.mode == "records":
            CloudflareRecords(
                f"{name}-records",
                CloudflareRecordsArgs(
                    zone_id=edge.zone_id,
                    hosts=edge_hosts(args.platform),
                    pools=_pools(args),
                    primary=args.platform.authority.primary,
                ),
                here,
            )
        self.register_outputs({"hosts": list(edge_hosts(args.platform))})


def _traffic(args: GlobalEdgeArgs) -> CloudflareTrafficArgs:
    platform, edge = args.platform, args.platform.edge
    return CloudflareTrafficArgs(
        account_id=edge.account_id,
        zone_id=edge.zone_id,
        zone=platform.domain,
        hosts=edge_hosts(platform),
        pools=_pools(args),
        steering=steering_of(platform),
        health_check=HealthCheck(
            host=edge_hosts(platform)[0],
            path=edge.monitor.path,
            interval=edge.monitor.interval,
            timeout=edge.monitor.timeout,
            retries=edge.monitor.retries,
            check_regions=edge.monitor.check_regions,
        ),
        notifications=Notifications(
            email=edge.notifications.email,
            webhook=args.secret_input(SLACK_WEBHOOK) if edge.notifications.slack else None,
        ),
        protect=args.stack.protect,
    )


def _pools(args: GlobalEdgeArgs) -> tuple[Pool, ...]:
    return tuple(_pool(args.platform, line, args.peers[line.code]) for line in args.platform.regions)


def _pool(platform: Platform, line: RegionLine, peer: Peer[RegionOutputs]) -> Pool:
    addresses: pulumi.Output[Any] = peer.output("addresses")
    return Pool(
        region=line.code,
        name=f"{line.name}-pool",
        origins=tuple(Origin(name=node, address=_address(addresses, node)) for node in line.nodes),
        health_host=health_host(platform, line.code),
        latitude=line.coordinates.latitude,
        longitude=line.coordinates.longitude,
    )


def _address(addresses: pulumi.Output[Any], node: str) -> pulumi.Output[str]:
    return addresses.apply(lambda every: str(every[node]))
