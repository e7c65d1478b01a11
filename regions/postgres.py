"""From settings and roles to a region's PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.backup.object_store import ObjectStoreArgs
from components.postgres import (
    CloneFrom,
    ExternalCluster,
    InitDb,
    PostgresArgs,
    Publication,
    Subscription,
    Synchronous,
    server_name,
)
from regions.roles import Role
from settings.naming import postgres_host
from settings.platform import Platform, RegionLine
from settings.stacks import PostgresSizing
from settings.versions import POSTGRES_IMAGES

PUBLICATION = "openova"


@dataclass(frozen=True, kw_only=True)
class PostgresInputs:
    """What is known late: keys of the shared stack, the object store, and a token when one is needed."""

    namespace: pulumi.Input[str]
    keys: pulumi.Output[Mapping[str, str]]
    object_store: ObjectStoreArgs | None
    promotion_token: pulumi.Output[str] | None


def postgres_args(
    platform: Platform, line: RegionLine, sizing: PostgresSizing, role: Role, late: PostgresInputs, *, protect: bool
) -> PostgresArgs:
    """The arguments of the region's cluster."""
    settings = platform.postgres
    password = settings.replication_auth == "password" and role.kind != "standalone"
    active = platform.phase == "active-active"
    return PostgresArgs(
        cluster_name=line.postgres.cluster,
        namespace=late.namespace,
        role=role.kind,
        bootstrap=_bootstrap(platform, line, active),
        host=postgres_host(platform, line),
        ca_certificate=late.keys.apply(lambda keys: keys["certificate"]),
        ca_private_key=late.keys.apply(lambda keys: keys["privateKey"]),
        owner_password=late.keys.apply(lambda keys: keys["ownerPassword"]),
        database=settings.database,
        owner=settings.owner,
        node_port=settings.node_port,
        **_topology(platform, line, role),
        external_clusters=external_clusters(platform) if role.kind != "standalone" or active else (),
        generation=line.postgres.generation,
        promotion_token=late.promotion_token,
        waits_for_demotion_token=role.hands_over,
        replication_auth=settings.replication_auth if role.kind != "standalone" else "certificate",
        replication_password=late.keys.apply(lambda keys: keys["replicationPassword"]) if password else None,
        object_store=late.object_store,
        backup_schedule=platform.backups.schedule if late.object_store is not None and role.writes else None,
        publications=(Publication(name=PUBLICATION),) if active else (),
        subscriptions=_subscriptions(platform, line) if active else (),
        image=POSTGRES_IMAGES[settings.version].reference,
        instances=sizing.instances,
        synchronous=Synchronous() if sizing.instances > 1 else None,
        storage_size=sizing.storage,
        storage_class=sizing.storage_class,
        cpu_limit=sizing.cpu,
        memory=sizing.memory,
        protect=protect,
    )


def external_clusters(platform: Platform) -> tuple[ExternalCluster, ...]:
    """Every region's cluster, as each of them lists it."""
    return tuple(
        ExternalCluster(
            name=line.postgres.cluster,
            host=postgres_host(platform, line),
            port=platform.postgres.node_port,
            server_name=server_name(line.postgres.cluster, line.postgres.generation)
            if platform.backups.enabled
            else None,
        )
        for line in platform.regions
    )


def _bootstrap(platform: Platform, line: RegionLine, active: bool) -> InitDb | CloneFrom:
    """How the data first came here. It follows the region's own line and never who is primary."""
    source = line.postgres.clone_from
    if source is None or active:
        return InitDb()
    return CloneFrom(platform.region(source).postgres.cluster)


def _topology(platform: Platform, line: RegionLine, role: Role) -> dict[str, Any]:
    if role.kind == "standalone":
        return {}
    primary = platform.region(platform.authority.primary)
    others = [other for other in platform.regions if other.code != line.code]
    source = primary if primary.code != line.code else others[0]
    return {
        "self_name": line.postgres.cluster,
        "primary_name": primary.postgres.cluster,
        "source_name": source.postgres.cluster,
    }


def _subscriptions(platform: Platform, line: RegionLine) -> tuple[Subscription, ...]:
    return tuple(
        Subscription(
            name=f"{PUBLICATION}-from-{other.code}", external_cluster=other.postgres.cluster, publication=PUBLICATION
        )
        for other in platform.regions
        if other.code != line.code
    )
