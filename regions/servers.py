"""A site's servers: those that are there, and those that Contabo is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from components.contabo import ContaboCredentials, ContaboServer, ContaboServerArgs
from regions.inputs import SecretInput
from settings.contabo import ContaboSettings
from settings.platform import SiteLine
from settings.secrets import CONTABO_CLIENT_ID, CONTABO_CLIENT_SECRET, CONTABO_PASSWORD, CONTABO_USER
from settings.stacks import SiteStack


@dataclass(frozen=True)
class Server:
    """Where a node is, and the host key that is pinned for it; both late for one that is ordered."""

    address: pulumi.Input[str]
    host_key: pulumi.Input[str]


def servers_of(
    name: str, line: SiteLine, stack: SiteStack, secret_input: SecretInput, parent: pulumi.Resource
) -> Mapping[str, Server]:
    """The servers by node name; those to be ordered are registered below `parent`."""
    servers: dict[str, Server] = {}
    for node, settings in stack.nodes.items():
        if settings.provisioning == "order" and stack.contabo is not None:
            servers[node] = _ordered(f"{name}-{node}", node, line, stack, stack.contabo, secret_input, parent)
        else:
            servers[node] = Server(settings.address or "", settings.host_key or "")
    return servers


def _ordered(
    name: str,
    node: str,
    line: SiteLine,
    stack: SiteStack,
    contabo: ContaboSettings,
    secret_input: SecretInput,
    parent: pulumi.Resource,
) -> Server:
    # The host key is ours and goes into the order: it is pinned before the first connection.
    key = tls.PrivateKey(
        f"{name}-host-key",
        algorithm="ED25519",
        opts=pulumi.ResourceOptions(parent=parent, protect=stack.protect),
    )
    server = ContaboServer(
        f"{name}-order",
        ContaboServerArgs(
            display_name=node,
            product_id=contabo.product_id,
            image_id=contabo.image_id,
            region=line.location,
            data_center=contabo.data_center,
            credentials=ContaboCredentials(
                client_id=secret_input(CONTABO_CLIENT_ID),
                client_secret=secret_input(CONTABO_CLIENT_SECRET),
                user=secret_input(CONTABO_USER),
                password=secret_input(CONTABO_PASSWORD),
            ),
            host_private_key=key.private_key_openssh,
            host_public_key=key.public_key_openssh,
            may_order=contabo.orders == "place",
            protect=stack.protect,
            period=contabo.period,
            authorized_keys=contabo.authorized_keys,
            ssh_key_ids=contabo.ssh_key_ids,
            siblings=line.nodes,
            acknowledged=contabo.acknowledged,
            accept_shared_host=contabo.same_host == "accept",
        ),
        pulumi.ResourceOptions(parent=parent),
    )
    # A server that was adopted never saw our key; its own is pinned in the settings.
    own = stack.nodes[node].host_key
    return Server(server.address, own or key.public_key_openssh.apply(str.strip))
