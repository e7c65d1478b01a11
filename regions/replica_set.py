"""A site's part of the MongoDB replica set, with its operator."""

from __future__ import annotations

import pulumi

from components.mongodb.args import MongodbBackup
from components.mongodb.community import MongodbCommunity
from components.mongodb.component import MongodbReplicaSet
from components.mongodb.operator import MongodbOperator, MongodbOperatorArgs
from regions.contract import SharedOutputs
from regions.late import backup_bucket
from regions.mongodb import MongodbInputs, community_args, mongodb_args
from regions.references import Peer
from settings.platform import Platform, RegionLine, SiteLine
from settings.stacks import RegionStack, WitnessStack


def place_mongodb(
    platform: Platform,
    line: SiteLine,
    stack: RegionStack | WitnessStack,
    shared: Peer[SharedOutputs],
    inside: pulumi.ResourceOptions,
) -> None:
    """Register the operator and the members of this site; nothing where it has no voter."""
    if not platform.mongodb.enabled or not line.mongodb.priorities:
        return
    name, sizing, protect = f"{line.code}-mongodb", stack.databases.mongodb, stack.protect
    operator = MongodbOperator(
        f"{name}-operator",
        MongodbOperatorArgs(operator=platform.mongodb.operator, namespace=platform.mongodb.namespace, protect=protect),
        inside,
    )
    late = MongodbInputs(
        namespace=operator.namespace, keys=shared.output("mongodb_keys"), backup=_backup(platform, shared)
    )
    if platform.mongodb.operator == "community" and isinstance(line, RegionLine):
        MongodbCommunity(name, community_args(platform, line, sizing, late, protect=protect), inside)
    else:
        MongodbReplicaSet(name, mongodb_args(platform, line, sizing, late, protect=protect), inside)


def _backup(platform: Platform, shared: Peer[SharedOutputs]) -> MongodbBackup | None:
    if not platform.backups.enabled:
        return None
    bucket = backup_bucket(shared)
    return MongodbBackup(
        bucket=bucket.name,
        endpoint=bucket.endpoint,
        access_key_id=bucket.access_key_id,
        secret_access_key=bucket.secret_access_key,
        keep=platform.backups.retention_days,
    )
