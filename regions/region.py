"""A region's stack: its machines, its databases, and what applications need of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.backup.object_store import ObjectStoreArgs
from components.guard.component import Guard
from components.postgres import PostgresCluster, PostgresOperator, PostgresOperatorArgs
from regions.cluster import RegionCluster
from regions.cluster_inputs import cluster_inputs
from regions.contract import RegionOutputs, SharedOutputs, export
from regions.guard import guard_args, require_record
from regions.inputs import SecretInput
from regions.late import backup_bucket
from regions.postgres import PostgresInputs, postgres_args
from regions.references import Peer, References
from regions.replica_set import place_mongodb
from regions.roles import Role
from regions.servers import Server, servers_of
from regions.services import RegionServices
from regions.turn import role_for_now, token_of
from settings.naming import postgres_host
from settings.platform import Platform, RegionLine
from settings.stacks import RegionStack
from settings.stated import Addresses


async def compose_region(
    platform: Platform, stack: RegionStack, references: References, secret_input: SecretInput
) -> None:
    """Register everything of a region, and export it. Refuses with RunError before anything is made."""
    role = await role_for_now(stack.code, platform, references)
    shared = await references.shared()
    await require_record(platform, shared)
    peers = {code: await references.region(code) for code in platform.codes if code != stack.code}
    witnesses = [await references.site(line.code) for line in platform.witnesses]
    addresses = [*map(references.addresses, peers.values()), *map(references.addresses, witnesses)]
    token = await token_of(role, peers, references)
    inputs = RegionInputs(platform, stack, role, shared, addresses, token, secret_input)
    region = Region(f"region-{stack.code}", inputs)
    line = platform.region(stack.code)
    export(
        RegionOutputs(
            authority={"epoch": role.epoch, "generation": role.generation, "writes": role.writes},
            addresses={node: server.address for node, server in region.servers.items()},
            host_keys={node: server.host_key for node, server in region.servers.items()},
            postgres={
                "cluster": line.postgres.cluster,
                "host": postgres_host(platform, line),
                "port": platform.postgres.node_port,
            },
            kubeconfig=region.kubeconfig,
            handover={"epoch": role.epoch, "token": region.demotion_token} if role.hands_over else None,
        )
    )


@dataclass(frozen=True)
class RegionInputs:
    """Everything that a region is made from."""

    platform: Platform
    stack: RegionStack
    role: Role
    shared: Peer[SharedOutputs]
    addresses: list[pulumi.Output[Addresses]]
    promotion_token: pulumi.Output[str] | None
    secret_input: SecretInput

    @property
    def line(self) -> RegionLine:
        """The region's line of the shared list."""
        return self.platform.region(self.stack.code)


class Region(pulumi.ComponentResource):
    """One region. `kubeconfig` and `demotion_token` are secret; `servers` are by node name."""

    kubeconfig: pulumi.Output[str]
    demotion_token: pulumi.Output[str | None]
    servers: Mapping[str, Server]

    def __init__(self, name: str, inputs: RegionInputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:regions:Region", name, None, opts)
        self._code, self._inputs = inputs.stack.code, inputs
        self.servers = servers_of(self._code, inputs.line, inputs.stack, inputs.secret_input, self)
        cluster = RegionCluster(
            f"{self._code}-cluster",
            inputs.platform,
            inputs.line,
            inputs.stack,
            cluster_inputs(
                inputs.platform,
                inputs.stack,
                inputs.shared,
                inputs.addresses,
                self.servers,
                inputs.secret_input,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.kubeconfig = cluster.kubeconfig
        inside = pulumi.ResourceOptions(parent=self, providers=[cluster.provider])
        RegionServices(
            f"{self._code}-services", inputs.platform, inputs.stack, inputs.shared, inputs.secret_input, inside
        )
        operator = self._operator(inside)
        self._guard(operator, inside)
        postgres = self._postgres(operator, inside)
        place_mongodb(inputs.platform, inputs.line, inputs.stack, inputs.shared, inside)
        self.demotion_token = postgres.demotion_token
        self.register_outputs({"code": self._code})

    def _operator(self, inside: pulumi.ResourceOptions) -> PostgresOperator:
        inputs = self._inputs
        return PostgresOperator(
            f"{self._code}-postgres-operator",
            PostgresOperatorArgs(
                database_namespace=inputs.platform.postgres.namespace,
                backups=inputs.platform.backups.enabled,
                protect=inputs.stack.protect,
            ),
            inside,
        )

    def _guard(self, operator: PostgresOperator, inside: pulumi.ResourceOptions) -> None:
        """Beside the cluster and not before it: no broken guard may hold up a change of authority."""
        inputs = self._inputs
        args = guard_args(
            inputs.platform,
            inputs.line,
            inputs.shared,
            operator.database_namespace,
            inputs.stack.observability,
        )
        if args is not None:
            Guard(f"{self._code}-guard", args, inside)

    def _postgres(self, operator: PostgresOperator, inside: pulumi.ResourceOptions) -> PostgresCluster:
        inputs, backups = self._inputs, self._inputs.platform.backups
        return PostgresCluster(
            f"{self._code}-postgres",
            postgres_args(
                inputs.platform,
                inputs.line,
                inputs.stack.databases.postgres,
                inputs.role,
                PostgresInputs(
                    namespace=operator.database_namespace,
                    keys=inputs.shared.output("postgres_keys"),
                    object_store=self._object_store(operator.database_namespace) if backups.enabled else None,
                    promotion_token=inputs.promotion_token,
                ),
                protect=inputs.stack.protect,
            ),
            inside,
        )

    def _object_store(self, namespace: pulumi.Output[str]) -> ObjectStoreArgs:
        bucket = backup_bucket(self._inputs.shared)
        return ObjectStoreArgs(
            namespace=namespace,
            bucket=bucket.name,
            endpoint=bucket.endpoint,
            access_key_id=bucket.access_key_id,
            secret_access_key=bucket.secret_access_key,
            retention=f"{self._inputs.platform.backups.retention_days}d",
        )
