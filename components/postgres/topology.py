"""The words in which a PostgreSQL topology over several regions is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["primary", "replica", "standalone"]
"""`standalone` follows nobody and is followed by nobody as a whole: one region, or active-active."""

ReplicationAuth = Literal["certificate", "password"]


@dataclass(frozen=True, kw_only=True)
class ExternalCluster:
    """One cluster of the topology as the others reach it.

    `name` is the cluster's name in every region; `server_name` is its folder in the object store,
    `None` where there is no store.
    """

    name: str
    host: str
    port: int
    server_name: str | None = None


@dataclass(frozen=True)
class InitDb:
    """A new, empty database."""


@dataclass(frozen=True)
class CloneFrom:
    """A copy of the external cluster of that name, taken once with pg_basebackup."""

    source: str


@dataclass(frozen=True, kw_only=True)
class Synchronous:
    """Quorum commit inside the region: a commit waits for `number` local standbys, never for another region."""

    number: int = 1
    method: Literal["any", "first"] = "any"
    data_durability: Literal["required", "preferred"] = "required"
    failover_quorum: bool = True


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What this region publishes: every table of the database, or those of some schemas."""

    name: str
    schemas: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What this region takes over from another: a publication of an external cluster."""

    name: str
    external_cluster: str
    publication: str


def server_name(cluster_name: str, generation: int) -> str:
    """The folder of one generation of a cluster in the object store.

    A re-cloned cluster needs a new one: CNPG archives only into an empty folder, and two timelines in
    one folder cannot be restored from.
    """
    return f"{cluster_name}-g{generation}"
