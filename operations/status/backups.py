"""When the last base backup was taken, by the word of the plugin that takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from operations.access import AnsweredError, Cluster, UnreachableError
from operations.status.databases import Seen
from settings.platform import Platform

KIND: Final = "objectstores.barmancloud.cnpg.io"
PLUGIN: Final = "barman-cloud.cloudnative-pg.io"


def taken_in(platform: Platform) -> tuple[str, ...]:
    """The regions that take backups: those that write."""
    return (platform.authority.primary,) if platform.phase == "read-replicas" else platform.codes


def last_backups(platform: Platform, clusters: Mapping[str, Cluster], seen: Sequence[Seen]) -> dict[str, str]:
    """By region: the time in RFC 3339, `none`, or why it is not known.

    CloudNativePG's own `lastSuccessfulBackup` is never set where a plugin takes them.
    """
    if not platform.backups.enabled:
        return {}
    asked = [each for each in seen if each.code in taken_in(platform) and each.code in clusters and each.resource]
    return {each.code: _last(platform, clusters[each.code], each) for each in asked}


def _last(platform: Platform, cluster: Cluster, seen: Seen) -> str:
    plugins = [plugin for plugin in seen.resource["spec"].get("plugins") or () if plugin.get("name") == PLUGIN]
    if not plugins:
        return "none, its Cluster has no archive"
    told = plugins[0]["parameters"]
    try:
        store = cluster.get(KIND, told["barmanObjectName"], f"--namespace={platform.postgres.namespace}")
    except (AnsweredError, UnreachableError) as error:
        return f"unknown, {error}"
    windows = (store.get("status") or {}).get("serverRecoveryWindow") or {}
    return str((windows.get(told["serverName"]) or {}).get("lastSuccessfulBackupTime") or "none")
