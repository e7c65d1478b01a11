"""The program of these tests: `shared` and `global` as they are, and regions without hosts.

A region reads what the real one reads, refuses what it refuses, and exports what it exports. In place of servers and
databases it has two commands that run on this machine. The second can be told to fail, to meet the other region's, or
to take long.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import pulumi
import pulumi_command as command
import pulumi_random as random

from regions.contract import RegionOutputs, export
from regions.global_edge import compose_global
from regions.inputs import load_settings, secret_input
from regions.references import References
from regions.shared import compose_shared
from regions.turn import role_for_now, token_of
from settings.platform import Platform
from settings.stacks import GlobalStack, RegionStack, SharedStack

FOLDER: Final = "OPENOVA_TEST_FOLDER"
"""The variable with the folder through which tests tell regions what to do: files `<code>.fails`, `meet`, `long`."""

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
    loaded = load_settings(Path(pulumi.get_root_directory()))
    references = References(_open)
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
        create=pulumi.Output.all(*(peer.output("addresses", default={}) for peer in peers.values())).apply(
            lambda known: f"echo '{json.dumps(known, sort_keys=True)}'"
        ),
        opts=pulumi.ResourceOptions(depends_on=[]),
    )
    other = next(iter(peers), code)
    environment = {"FOLDER": os.environ[FOLDER], "CODE": code, "OTHER": other, "EPOCH": str(role.epoch)}
    command.local.Command(
        f"{code}-database",
        create=_DATABASE,
        environment=environment | {"TAKES_OVER": "yes" if token is not None else "no"},
        opts=pulumi.ResourceOptions(depends_on=[mesh], protect=stack.protect),
    )
    handover = random.RandomPassword(f"{code}-handover", length=20, keepers={"epoch": str(role.epoch)})
    line = platform.region(code)
    export(
        RegionOutputs(
            authority={"epoch": role.epoch, "generation": role.generation, "writes": role.writes},
            addresses={name: node.address for name, node in stack.nodes.items()},
            host_keys={},
            postgres={"cluster": line.postgres.cluster, "host": "", "port": 0},
            kubeconfig=shared.output("mesh_public_keys").apply(lambda keys: json.dumps(sorted(keys))),
            handover={"epoch": role.epoch, "token": handover.result} if role.hands_over else None,
        )
    )


def _open(stack: str) -> pulumi.StackReference:
    return pulumi.StackReference(stack, f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
