"""The custom resources that name a PostgreSQL cluster, as data: its scheduled backup and its logical replication."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.postgres.args import PostgresArgs
from components.postgres.spec import PLUGIN
from components.postgres.topology import Publication, Subscription


@dataclass(frozen=True, kw_only=True)
class Attached:
    """One such resource. Its `name` in the program follows the component's, its `object_name` the cluster's."""

    kind: str
    name: str
    object_name: str
    spec: dict[str, Any]


def attached(args: PostgresArgs) -> Iterator[Attached]:
    """All that go with this cluster, once it is there."""
    if args.backup_schedule is not None:
        yield Attached(
            kind="ScheduledBackup", name="daily-backup", object_name="daily", spec=_scheduled_backup_spec(args)
        )
    for publication in args.publications:
        yield Attached(
            kind="Publication",
            name=f"publication-{publication.name}",
            object_name=publication.name,
            spec=_publication_spec(args, publication),
        )
    for subscription in args.subscriptions:
        yield Attached(
            kind="Subscription",
            name=f"subscription-{subscription.name}",
            object_name=subscription.name,
            spec=_subscription_spec(args, subscription),
        )


def _scheduled_backup_spec(args: PostgresArgs) -> dict[str, Any]:
    """The `spec` of the ScheduledBackup."""
    return {
        "schedule": args.backup_schedule,
        "immediate": True,
        "backupOwnerReference": "self",
        "cluster": {"name": args.cluster_name},
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }


def _publication_spec(args: PostgresArgs, publication: Publication) -> dict[str, Any]:
    """The `spec` of a Publication."""
    target: dict[str, Any] = {"allTables": True}
    if publication.schemas:
        target = {"objects": [{"tablesInSchema": schema} for schema in publication.schemas]}
    return {
        "name": publication.name,
        "dbname": args.database,
        "cluster": {"name": args.cluster_name},
        "target": target,
    }


def _subscription_spec(args: PostgresArgs, subscription: Subscription) -> dict[str, Any]:
    """The `spec` of a Subscription.

    `origin: none` takes only what was written over there, or changes would circle for ever; nothing is
    copied at the start, because both sides begin with the same rows.
    """
    return {
        "name": subscription.name,
        "dbname": args.database,
        "cluster": {"name": args.cluster_name},
        "externalClusterName": subscription.external_cluster,
        "publicationName": subscription.publication,
        "publicationDBName": args.database,
        "parameters": {"origin": "none", "copy_data": "false"},
    }
