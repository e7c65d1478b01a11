"""The Pulumi program of the tests: a region's PostgreSQL by the authority record, in a cluster that is there.

It is what `regions.region` does for PostgreSQL, with the same settings, references, role and contract, but without
hosts: the API server's kubeconfig comes from a file, and the keys are no keys.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes

from components.postgres import PostgresCluster
from regions.contract import RegionOutputs, export
from regions.inputs import load_settings
from regions.postgres import PostgresInputs, postgres_args
from regions.references import References
from regions.turn import role_for_now, token_of
from settings.stacks import RegionStack

KUBECONFIG: Final = "OPENOVA_LAB_KUBECONFIG"
KEYS: Final = {
    "certificate": "a certificate",
    "privateKey": "-----BEGIN EC PRIVATE KEY-----\n",
    "ownerPassword": "a password",
    "replicationPassword": "another password",
}


async def compose() -> None:
    """The program. Raises KeyError without the variable that names the kubeconfig."""
    loaded = load_settings(Path(pulumi.get_root_directory()))
    assert isinstance(loaded.stack, RegionStack)
    code, platform, references = loaded.stack.code, loaded.platform, References(_open)
    role = await role_for_now(code, platform, references)
    peers = {other: await references.region(other) for other in platform.codes if other != code}
    kubeconfig = Path(os.environ[KUBECONFIG]).read_text()
    provider = kubernetes.Provider(code, kubeconfig=kubeconfig, cluster_identifier=code)
    inputs = PostgresInputs(
        namespace=f"engine-{code}",
        keys=pulumi.Output.secret(KEYS),
        object_store=None,
        promotion_token=await token_of(role, peers, references),
    )
    line = platform.region(code)
    cluster = PostgresCluster(
        f"{code}-postgres",
        postgres_args(platform, line, loaded.stack.databases.postgres, role, inputs, protect=False),
        pulumi.ResourceOptions(providers=[provider]),
    )
    export(
        RegionOutputs(
            authority={"epoch": role.epoch, "generation": role.generation, "writes": role.writes},
            addresses={},
            host_keys={},
            postgres={"cluster": line.postgres.cluster, "host": cluster.host, "port": cluster.port},
            kubeconfig=kubeconfig,
            handover={"epoch": role.epoch, "token": cluster.demotion_token} if role.hands_over else None,
        )
    )


def _open(stack: str) -> pulumi.StackReference:
    return pulumi.StackReference(stack, f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
