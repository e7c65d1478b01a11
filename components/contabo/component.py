"""A server at Contabo as a Pulumi resource."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_command import local

from components.contabo.model import cloud_config

PYTHON: Final = ".venv/bin/python"
"""The environment of the project, seen from the project's folder, in which the provider runs commands."""


@dataclass(frozen=True, kw_only=True)
class ContaboCredentials:
    """The four values of my.contabo.com/api/details."""

    client_id: pulumi.Input[str]
    client_secret: pulumi.Input[str]
    user: pulumi.Input[str]
    password: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ContaboServerArgs:
    """The server of the name `display_name`; without `may_order` one that exists.

    `host_private_key` and `host_public_key` are the server's SSH host key in OpenSSH's formats (ed25519);
    `authorized_keys` (public keys) and `ssh_key_ids` (of Contabo's secrets) may log in as root. `siblings`
    are the names that must not share its physical machine. `acknowledged` are request ids of earlier orders
    of which no server comes. `period` is in months. `python` runs this project.
    """

    display_name: str
    product_id: str
    image_id: str
    region: str
    data_center: str
    credentials: ContaboCredentials
    host_private_key: pulumi.Input[str]
    host_public_key: pulumi.Input[str]
    may_order: bool
    protect: bool
    period: int = 1
    authorized_keys: Sequence[str] = ()
    ssh_key_ids: Sequence[int] = ()
    siblings: Sequence[str] = ()
    acknowledged: Sequence[str] = ()
    accept_shared_host: bool = False
    python: str = PYTHON


class ContaboServer(pulumi.ComponentResource):
    """`address` is its public IPv4 address, `server_id` Contabo's number, `data_center` and `host` where it is.

    Only the creation of the resource may order. Whatever changes later runs `adopt`, which looks up and
    checks, and can neither order nor reinstall: a new password or key never costs a server.
    """

    address: pulumi.Output[str]
    server_id: pulumi.Output[int]
    data_center: pulumi.Output[str]
    host: pulumi.Output[int]

    def __init__(self, name: str, args: ContaboServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:contabo:ContaboServer", name, None, opts)
        server = local.Command(
            f"{name}-server",
            local.CommandArgs(
                create=f"{args.python} -m operations.contabo ensure",
                update=f"{args.python} -m operations.contabo adopt",
                stdin=_request(args),
                add_previous_output_in_env=False,
                logging=local.Logging.STDERR,
            ),
            pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                # Cancelling a contract is a person's decision, in the customer panel: destroying a stack is not one.
                retain_on_delete=True,
            ),
        )
        # What comes of a secret input counts as secret; these four are public.
        answer = pulumi.Output.unsecret(server.stdout).apply(json.loads)
        self.address = answer.apply(lambda known: str(known["address"]))
        self.server_id = answer.apply(lambda known: int(known["id"]))
        self.data_center = answer.apply(lambda known: str(known["dataCenter"]))
        self.host = answer.apply(lambda known: int(known["vHostId"]))
        self.register_outputs({"address": self.address, "serverId": self.server_id})


def _request(args: ContaboServerArgs) -> pulumi.Output[str]:
    """What `operations.contabo` reads; secret, and the same text for the same arguments."""
    keys = args.credentials
    order = {
        "display_name": args.display_name,
        "product_id": args.product_id,
        "image_id": args.image_id,
        "region": args.region,
        "data_center": args.data_center,
        "period": args.period,
        "may_order": args.may_order,
        "ssh_keys": list(args.ssh_key_ids),
        "siblings": [name for name in args.siblings if name != args.display_name],
        "acknowledged": list(args.acknowledged),
        "accept_shared_host": args.accept_shared_host,
    }

    def render(known: Mapping[str, Any]) -> str:
        credentials = {key: known[key] for key in ("client_id", "client_secret", "user", "password")}
        user_data = cloud_config(known["host_private_key"], known["host_public_key"], args.authorized_keys)
        return json.dumps({"credentials": credentials, "order": {**order, "user_data": user_data}}, sort_keys=True)

    late = pulumi.Output.all(
        client_id=keys.client_id,
        client_secret=keys.client_secret,
        user=keys.user,
        password=keys.password,
        host_private_key=args.host_private_key,
        host_public_key=args.host_public_key,
    )
    return pulumi.Output.secret(late.apply(render))
