"""Databases, backups, residency and applications: the part of them that all regions share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from settings import versions
from settings.base import Settings
from settings.formats import CloudflareId, Cron, Label, NodePort, PinnedImage, Port, RegionCode


class PostgresSettings(Settings):
    """PostgreSQL under CloudNativePG. The sizes of each region stand in the region's file."""

    namespace: Label = Field(default="databases", description="Kubernetes namespace of the PostgreSQL clusters.")
    version: Literal["17", "18"] = Field(
        default=versions.POSTGRES_DEFAULT, description="Major version, in quotes. The image is pinned in the program."
    )
    database: Label = Field(default="app", description="The database that applications use.")
    owner: Label = Field(default="app", description="The role that owns the database; applications log in as it.")
    replication_auth: Literal["certificate", "password"] = Field(
        default="certificate",
        description="How a replica region logs in: with a client certificate (and verify-full), or with a role of its "
        "own and a password (SCRAM).",
    )
    node_port: NodePort = Field(
        default=30432, description="The port of PostgreSQL on every node's mesh address, the same in all regions."
    )


class ForcedReconfiguration(Settings):
    """What a person has done after a failover that left the replica set without a majority."""

    epoch: int = Field(ge=2, description="The epoch of the failover.")
    without: tuple[RegionCode, ...] = Field(
        default=(), description="Regions whose members were taken out; empty again once they have rejoined."
    )


class MongodbSettings(Settings):
    """The replica set over all regions. The sizes of each region stand in the region's file."""

    enabled: bool = Field(default=True, description="`false` leaves MongoDB out everywhere.")
    operator: Literal["percona", "community"] = Field(
        default="percona",
        description="`percona` can span clusters; `community` is the MongoDBCommunity resource and works inside one "
        "cluster only (phase `single`).",
    )
    name: Label = Field(
        default="mongodb-global",
        description="Begins the names of MongoDB's Secrets; under `community` also the replica set's name.",
    )
    namespace: Label = Field(default="mongodb", description="Kubernetes namespace of the members.")
    forced: ForcedReconfiguration | None = Field(
        default=None,
        description="Set by hand after a forced reconfiguration. Until then a failover without a majority leaves the "
        "set's configuration alone: an operator that finds no primary would begin a new set.",
    )
    version: Literal["7.0"] = Field(
        default="7.0", description="Release series, in quotes. The image is pinned in the program."
    )
    first_node_port: NodePort = Field(
        default=30170, description="Port of a region's first member on the mesh; the next members take the next ports."
    )


class BucketSettings(Settings):
    """A bucket of R2."""

    name: Label = Field(description="Name of the bucket, unique in the Cloudflare account.")
    location: Literal["apac", "eeur", "enam", "weur", "wnam", "oc"] | None = Field(
        default=None,
        description="Where R2 should place it; by default near the first of `regions`. A hint only: `jurisdiction` is "
        "what binds.",
    )
    jurisdiction: Literal["default", "eu"] | None = Field(
        default=None,
        description="`eu` keeps the data inside the European Union; by default so where `residency` binds data "
        "to it. It can never be changed later: another one is another bucket.",
    )


class BackupSettings(Settings):
    """Backups of PostgreSQL, MongoDB and etcd to Cloudflare R2."""

    enabled: bool = Field(default=True, description="`false` makes no bucket and no backup.")
    account_id: CloudflareId = Field(default="", description="The Cloudflare account that owns the bucket.")
    bucket: BucketSettings = Field(description="The bucket.")
    schedule: Cron = Field(
        default="0 0 2 * * *", description="When PostgreSQL's base backup is taken, in UTC. WAL is kept continuously."
    )
    retention_days: int = Field(
        default=14, ge=1, le=3650, description="Days for which PostgreSQL can be restored; also MongoDB backups kept."
    )


class Residency(Settings):
    """Where each data set may lie: `any`, or `eu` for the member states of the European Union only."""

    postgresql: Literal["any", "eu"] = Field(default="any", description="Where PostgreSQL's data may lie.")
    mongodb: Literal["any", "eu"] = Field(default="any", description="Where MongoDB's data may lie.")


class ApplicationSettings(Settings):
    """An application that uses the databases: it gets its connection details as a Secret in its namespace.

    With an `image` it is also run, with a Service and an Ingress.
    """

    name: Label = Field(description="Name of the application, and of its Service when it is run.")
    namespace: Label = Field(description="Namespace in which it finds its connection details.")
    image: PinnedImage | None = Field(
        default=None, description="The image to run in every region. Without one, somebody else deploys it."
    )
    replicas: int = Field(default=2, ge=1, le=100, description="Pods in each region, when it is run.")
    tls_secret: Label | None = Field(
        default=None,
        description="A Secret of the namespace (type kubernetes.io/tls, yours) with the certificate that its Ingress "
        "shows, when it is run. Without one Traefik shows its own, which no browser trusts.",
    )
    port: Port = Field(default=8080, description="The port that it listens on, when it is run.")
