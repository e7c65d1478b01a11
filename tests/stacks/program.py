"""The program of these tests: `shared` and `global` as they are, and regions without hosts.

A region reads what the real one reads, refuses what it refuses, and exports what it exports. In place of servers and
databases it has two commands that run on this machine. The second can be told to fail, to meet the other region's, or
to take long. Where there are API servers, a region has its PostgreSQL in one instead of the second.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
import pulumi_command as command
import pulumi_kubernetes as kubernetes

from components.postgres import PostgresCluster
from regions.contract import RegionOutputs, SharedOutputs, export
from regions.global_edge import compose_global
from regions.inputs import load_settings, secret_input
from regions.postgres import PostgresInputs, postgres_args
from regions.references import Peer, References
from regions.roles import Role
from regions.shared import compose_shared
from regions.turn import role_for_now, token_of
from settings.platform import Platform
from settings.stacks import GlobalStack, RegionStack, SharedStack
from settings.stated import stated_addresses

FOLDER: Final = "OPENOVA_TEST_FOLDER"
"""The variable with the folder through which tests tell regions what to do: files `<code>.fails`, `meet`, `long`."""

CLUSTERS: Final = "OPENOVA_TEST_CLUSTERS"
"""The variable with the folder of the regions' kubeconfigs, `<code>.kubeconfig`, where there are API servers."""

NAMESPACE: Final = "databases"

_DATABASE: Final = """set -eu
test ! -e "$FOLDER/$CODE.fails" || { echo "no space left on the volume of $CODE" >&2; exit 1; }
touch "$FOLDER/$CODE.began"
if test -e "$FOLDER/meet"; then
  n=0; until test -e "$FOLDER/$OTHER.began"; do n=$((n+1)); test $n -lt 600; sleep 0.1; done
fi
if test -e "$FOLDER/long"; then
  n=0; while test -e "$FOLDER/long" && test $n -lt 600; do n=$((n+1)); sleep 0.1; done
fi
"""


async def compose() -> None:
    """The program."""
    root = Path(pulumi.get_root_directory())
    loaded = load_settings(root)
    references = References(_open, stated_addresses(root, loaded.platform))
    match loaded.stack:
        case SharedStack():
            compose_shared(loaded.platform, loaded.stack, secret_input)
        case RegionStack():
            await _region(loaded.platform, loaded.stack, references)
        case GlobalStack():
            await compose_global(loaded.platform, loaded.stack, references, secret_input)


async def _region(platform: Platform, stack: RegionStack, references: References) -> None:
    code = stack.code
    role = await role_for_now(code, platform, references)
    shared = await references.shared()
    peers = {other: await references.region(other) for other in platform.codes if other != code}
    token = await token_of(role, peers, references)
    mesh = command.local.Command(
        f"{code}-mesh",
        create=pulumi.Output.all(*map(references.addresses, peers.values())).apply(
            lambda known: f"echo '{json.dumps(known, sort_keys=True)}'"
        ),
        opts=pulumi.ResourceOptions(depends_on=[]),
    )
    kubeconfig = _kubeconfig(code)
    if kubeconfig is None:
        _command(stack, peers, role, [mesh], takes_over=token is not None)
        given: pulumi.Output[Any] = pulumi.Output.secret(f"a token of epoch {role.epoch}")
    else:
        given = _database(platform, stack, role, shared, token, kubeconfig)
    line = platform.region(code)
    export(
        RegionOutputs(
            authority={"epoch": role.epoch, "generation": role.generation, "writes": role.writes},
            addresses={name: node.address for name, node in stack.nodes.items()},
            host_keys={},
            postgres={"cluster": line.postgres.cluster, "host": "", "port": 0},
            kubeconfig=kubeconfig or shared.output("mesh_public_keys").apply(lambda keys: json.dumps(sorted(keys))),
            handover={"epoch": role.epoch, "token": given} if role.hands_over else None,
        )
    )


def _command(
    stack: RegionStack, peers: Mapping[str, Any], role: Role, needs: list[pulumi.Resource], *, takes_over: bool
) -> None:
    other = next(iter(peers), stack.code)
    environment = {"FOLDER": os.environ[FOLDER], "CODE": stack.code, "OTHER": other, "EPOCH": str(role.epoch)}
    command.local.Command(
        f"{stack.code}-database",
        create=_DATABASE,
        environment=environment | {"TAKES_OVER": "yes" if takes_over else "no"},
        opts=pulumi.ResourceOptions(depends_on=needs, protect=stack.protect),
    )


def _database(
    platform: Platform, stack: RegionStack, role: Role, shared: Peer[SharedOutputs], token: pulumi.Output[str] | None,
    kubeconfig: str,
) -> pulumi.Output[str | None]:  # fmt: skip
    """The region's PostgreSQL, as the real program has it; the token of its demotion."""
    provider = kubernetes.Provider(stack.code, kubeconfig=kubeconfig, cluster_identifier=stack.code)
    inputs = PostgresInputs(
        namespace=NAMESPACE, keys=shared.output("postgres_keys"), object_store=None, promotion_token=token
    )
    line = platform.region(stack.code)
    args = postgres_args(platform, line, stack.databases.postgres, role, inputs, protect=stack.protect)
    return PostgresCluster(f"{stack.code}-postgres", args, pulumi.ResourceOptions(providers=[provider])).demotion_token


def _kubeconfig(code: str) -> str | None:
    folder = os.environ.get(CLUSTERS)
    return (Path(folder) / f"{code}.kubeconfig").read_text() if folder else None


def _open(stack: str) -> pulumi.StackReference:
    return pulumi.StackReference(stack, f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
