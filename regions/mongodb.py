"""From settings to a region's part of the MongoDB replica set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.mongodb.args import MongodbArgs, MongodbBackup, MongodbPasswords
from components.mongodb.community import MongodbCommunityArgs
from regions.late import text_of
from regions.members import all_members, cluster_name, managing_region, members_of
from regions.names import database_names
from settings.platform import Platform, RegionLine, SiteLine
from settings.stacks import DatabaseSizing


@dataclass(frozen=True, kw_only=True)
class MongodbInputs:
    """What is known late: keys of the shared stack, and where backups go."""

    namespace: pulumi.Input[str]
    keys: pulumi.Output[Mapping[str, Any]]
    backup: MongodbBackup | None


def mongodb_args(
    platform: Platform, line: SiteLine, sizing: DatabaseSizing, late: MongodbInputs, *, protect: bool
) -> MongodbArgs:
    """The arguments of the site's part. The managed side follows the authority record (`managing_region`)."""
    managed = line.code == managing_region(platform)
    return MongodbArgs(
        cluster_name=cluster_name(line),
        namespace=late.namespace,
        managed=managed,
        node_region=line.name,
        resolvable=frozenset(database_names(platform)),
        members=all_members(platform, local=line.code),
        passwords=MongodbPasswords(
            backup=_password(late.keys, "backup"),
            database_admin=_password(late.keys, "databaseAdmin"),
            cluster_admin=_password(late.keys, "clusterAdmin"),
            cluster_monitor=_password(late.keys, "clusterMonitor"),
            user_admin=_password(late.keys, "userAdmin"),
        ),
        keyfile=text_of(late.keys, "keyfile"),
        encryption_key=text_of(late.keys, "encryptionKey"),
        ca_certificate=text_of(late.keys, "certificateAuthority"),
        certificate=text_of(late.keys, "certificate"),
        private_key=text_of(late.keys, "privateKey"),
        app_password=_password(late.keys, "app"),
        shared_name=platform.mongodb.name,
        backup=late.backup if managed else None,
        storage_size=sizing.storage,
        storage_class=sizing.storage_class,
        cpu_limit=sizing.cpu,
        memory=sizing.memory,
        protect=protect,
    )


def community_args(
    platform: Platform, line: RegionLine, sizing: DatabaseSizing, late: MongodbInputs, *, protect: bool
) -> MongodbCommunityArgs:
    """The arguments of a set inside one cluster."""
    return MongodbCommunityArgs(
        namespace=late.namespace,
        members=tuple(member for member in members_of(platform, line, local=True) if member.votes),
        app_password=_password(late.keys, "app"),
        ca_certificate=text_of(late.keys, "certificateAuthority"),
        certificate=text_of(late.keys, "certificate"),
        private_key=text_of(late.keys, "privateKey"),
        cluster_name=platform.mongodb.name,
        storage_size=sizing.storage,
        storage_class=sizing.storage_class,
        cpu_limit=sizing.cpu,
        memory=sizing.memory,
        protect=protect,
    )


def _password(keys: pulumi.Output[Mapping[str, Any]], user: str) -> pulumi.Output[str]:
    return keys.apply(lambda known: str(known["passwords"][user]))
