"""What a PostgreSQL cluster of one region is told: its place in the distributed topology, and its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pulumi

from components.backup.object_store import ObjectStoreArgs
from components.postgres.rules import check
from components.postgres.topology import (
    CloneFrom,
    ExternalCluster,
    InitDb,
    Publication,
    ReplicationAuth,
    Role,
    Subscription,
    Synchronous,
    server_name,
)
from settings.versions import POSTGRES_DEFAULT, POSTGRES_IMAGES

WAN_PARAMETERS: Final[Mapping[str, str]] = {
    # The receiving region holds no replication slot, so WAL is kept by size while the link is down.
    "wal_keep_size": "4GB",
    # A slot of a dead standby must not fill the disk.
    "max_slot_wal_keep_size": "10GB",
    # CNPG sets 5 s, which a link between continents breaks without being down.
    "wal_sender_timeout": "30s",
    "wal_receiver_timeout": "30s",
    # A commit waits for a standby. One that lost its sender waits PostgreSQL's 5 s before it dials again, and so did
    # every commit after a promotion and after a restart of the primary (seen in the lab).
    "wal_retrieve_retry_interval": "1s",
}

ACTIVE_ACTIVE_PARAMETERS: Final[Mapping[str, str]] = {
    # Without commit timestamps and origins, conflicts of two writers cannot even be detected.
    "track_commit_timestamp": "on",
}


@dataclass(frozen=True, kw_only=True)
class PostgresArgs:
    """One region's cluster.

    Topology: `self_name`, `primary_name`, `source_name` are names in `external_clusters`, which lists
    every cluster of the topology, this one included; they are set for `primary` and `replica` only.
    `generation` counts the lives of the cluster's data: raised, the cluster is deleted with its volumes
    and cloned anew, and its WAL goes to a folder of its own (`<cluster_name>-g<generation>`).
    `promotion_token` is the token of the cluster demoted for this one, and stays until the next change.
    `bootstrap` says how the data first came here and never follows the roles.

    `host` is the name that clients and other regions use; `node_port` where it answers on the nodes.
    Sizes are Kubernetes quantities. `parameters` override the defaults of `WAN_PARAMETERS`.
    `backup_schedule` is a cron expression of six fields, the first one seconds (UTC).
    """

    cluster_name: str
    namespace: pulumi.Input[str]
    role: Role
    bootstrap: InitDb | CloneFrom
    host: str
    ca_certificate: pulumi.Input[str]
    ca_private_key: pulumi.Input[str]
    owner_password: pulumi.Input[str]

    database: str = "app"
    owner: str = "app"
    node_port: int = 30432

    self_name: str | None = None
    primary_name: str | None = None
    source_name: str | None = None
    external_clusters: tuple[ExternalCluster, ...] = ()
    generation: int = 1
    promotion_token: pulumi.Input[str] | None = None
    waits_for_demotion_token: bool = False

    replication_auth: ReplicationAuth = "certificate"
    replication_password: pulumi.Input[str] | None = None
    replication_sources: str = "all"

    object_store: ObjectStoreArgs | None = None
    backup_schedule: str | None = None

    publications: tuple[Publication, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()

    image: str = POSTGRES_IMAGES[POSTGRES_DEFAULT].reference
    instances: int = 3
    storage_size: str = "50Gi"
    storage_class: str = "local-path"
    synchronous: Synchronous | None = field(default_factory=Synchronous)
    anti_affinity: Literal["preferred", "required"] = "preferred"
    parameters: Mapping[str, str] = field(default_factory=dict)
    cpu_request: str = "250m"
    cpu_limit: str = "2"
    memory: str = "1Gi"
    protect: bool = True

    def __post_init__(self) -> None:
        """Raises ValueError where the roles, names or sizes contradict each other."""
        check(self)

    @property
    def server_name(self) -> str:
        """The folder of this life of the cluster in the object store."""
        return server_name(self.cluster_name, self.generation)
