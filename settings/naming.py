"""Names, addresses and ports as pure functions of the settings, the same in every stack."""

from __future__ import annotations

import ipaddress

from settings.aws import nearest_aws_region
from settings.networks import CLOUDFLARE_CIDRS, EVERYBODY
from settings.platform import Platform, RegionLine, SiteLine
from settings.stacks import RegionStack, SiteStack

MESH_INTERFACE = "openova0"
INGRESS_SERVICE = "http://traefik.kube-system.svc.cluster.local:80"
"""K3s' own ingress controller, as a pod of its cluster reaches it."""

SHARED_STACK = "shared"
GLOBAL_STACK = "global"


def node_number(node: str) -> int:
    """3 of contabo-eu-3."""
    return int(node.rpartition("-")[2])


def mesh_address(line: SiteLine, node: str) -> str:
    """The node's address in the mesh: its number within the region's mesh block."""
    return str(ipaddress.IPv4Network(line.networks.mesh)[node_number(node)])


def postgres_host(platform: Platform, line: RegionLine) -> str:
    """pg-europe.openova.io: resolves inside the clusters only, to the region's mesh addresses."""
    return f"pg-{line.name}.{platform.domain}"


def mongodb_host(platform: Platform, line: SiteLine, index: int) -> str:
    """mongo-eu-0.openova.io: the member of that index, by a name that resolves inside the clusters only."""
    return f"mongo-{line.code}-{index}.{platform.domain}"


def edge_hosts(platform: Platform) -> tuple[str, ...]:
    """The full names that the edge serves, each once, in the order of the settings."""
    names: dict[str, None] = {}
    for pattern in platform.edge.hosts:
        tenants = platform.tenants if "{tenant}" in pattern else ("",)
        for tenant in tenants:
            names[f"{pattern.replace('{tenant}', tenant)}.{platform.domain}"] = None
    return tuple(names)


def health_host(platform: Platform, code: str) -> str:
    """api-eu.openova.io: reaches one region directly, past the load balancer."""
    return f"api-{code}.{platform.domain}"


def pool_name(line: RegionLine) -> str:
    """europe-pool: the region's pool at the edge."""
    return f"{line.name}-pool"


def aws_region(line: RegionLine) -> str:
    """eu-central-1 for Nuremberg: the AWS region that stands for the place."""
    return line.aws_region or nearest_aws_region(line.coordinates.latitude, line.coordinates.longitude)


def web_clients(platform: Platform, stack: SiteStack) -> tuple[str, ...]:
    """Who may reach ports 80 and 443 of a site's nodes.

    At a witness and behind a tunnel nobody; else whom the settings name, or whoever comes with the provider:
    Cloudflare's edge, or with Route 53, which only answers names, everybody.
    """
    if platform.edge.mode == "tunnel" or not isinstance(stack, RegionStack):
        return ()
    if stack.http_cidrs is not None:
        return stack.http_cidrs
    return CLOUDFLARE_CIDRS if platform.edge.provider == "cloudflare" else EVERYBODY


def stack_order(platform: Platform) -> tuple[str, ...]:
    """The order in which stacks are brought up: shared, the regions, the witnesses, global.

    The region that hands over comes first when one hands over (its token is needed), otherwise the
    primary (the others clone from it); the rest in the order of the list.
    """
    authority = platform.authority
    first = authority.previous if authority.change == "switchover" else authority.primary
    regions = sorted(platform.codes, key=lambda code: (code != first, code != authority.primary))
    return (SHARED_STACK, *regions, *(line.code for line in platform.witnesses), GLOBAL_STACK)
