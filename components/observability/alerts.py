"""Alert rules for PostgreSQL over regions, as Prometheus reads them.

`cnpg_pg_replication_lag` is not used: it reads 0 while the link is down, because everything that was
received has been replayed. What tells the truth is whether the receiver runs, and what the primary
says of its followers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Severity = Literal["critical", "warning"]

LAG_SECONDS: Final = 30
"""A follower further behind than this costs that much data if its source is lost. Usual is below 1 s."""

RECEIVER_GRACE: Final = "2m"
"""Longer than the WAL receiver's timeout (30 s) and a switchover together, so that neither alerts."""


@dataclass(frozen=True, kw_only=True)
class Follower:
    """A cluster of another region that streams from this one while this one is primary.

    Its receiver announces itself under the cluster's name.
    """

    cluster_name: str


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One region's cluster, where it lives, and who would follow it."""

    cluster_name: str
    namespace: str
    followers: tuple[Follower, ...] = ()


def region_rules(cluster: Watched) -> list[dict[str, Any]]:
    """The rules that one region's own metrics suffice for. They hold in either role."""
    of = f'namespace="{cluster.namespace}",pod=~"{cluster.cluster_name}-[0-9]+"'
    rules = [
        alert_rule(
            "PostgresReceiverDown",
            f"cnpg_pg_replication_in_recovery{{{of}}} == 1 and cnpg_pg_replication_is_wal_receiver_up{{{of}}} == 0",
            RECEIVER_GRACE,
            "critical",
            "{{ $labels.pod }} is a standby and receives nothing",
            "The lag metric shows 0 in this state. Look at the link to the source, then at the timeline: a "
            "former primary that diverged never catches up and has to be cloned again.",
        ),
        alert_rule(
            "PostgresArchivingFails",
            f"cnpg_pg_stat_archiver_last_failed_time{{{of}}} - cnpg_pg_stat_archiver_last_archived_time{{{of}}} > 1",
            "5m",
            "critical",
            "{{ $labels.pod }} cannot archive WAL",
            "Point-in-time recovery has a growing hole, and a demotion would never give its token. Look at "
            "the sidecar's log and the bucket's credentials.",
        ),
    ]
    for follower in cluster.followers:
        rules += _follower_rules(of, follower)
    return rules


def _follower_rules(of: str, follower: Follower) -> list[dict[str, Any]]:
    name = follower.cluster_name
    follows = f'{of},application_name="{name}"'
    return [
        alert_rule(
            "PostgresFollowerMissing",
            f"(max(cnpg_collector_replica_mode{{{of}}}) == 0) "
            f"unless on() max(cnpg_pg_stat_replication_replay_diff_bytes{{{follows}}})",
            RECEIVER_GRACE,
            "critical",
            f"{name} does not stream from here",
            "Losing this region now loses every write since. Look at the link and at the other region's "
            "receiver; do not start a switchover.",
        ),
        alert_rule(
            "PostgresFollowerBehind",
            f"max(cnpg_pg_stat_replication_replay_lag_seconds{{{follows}}}) > {LAG_SECONDS}",
            "5m",
            "warning",
            f"{name} is {{{{ $value | humanizeDuration }}}} behind",
            "Reads there are stale, and a failover would lose that much.",
        ),
    ]


def topology_rules(clusters: Sequence[Watched]) -> list[dict[str, Any]]:
    """The rule that needs all regions' metrics in one place: evaluate it where they are collected.

    The `cluster_name`s are unique over the regions.
    """
    names = "|".join(sorted(cluster.cluster_name for cluster in clusters))
    writers = f'cnpg_pg_replication_in_recovery{{pod=~"({names})-[0-9]+"}} == 0'
    return [
        alert_rule(
            "PostgresWritersNotOne",
            f"(count({writers}) or vector(0)) != 1",
            "1m",
            "critical",
            "{{ $value }} regions accept writes",
            "More than one: their data is parting, close the database port of all but the one of the record "
            "of authority. None: promote by the runbook.",
        )
    ]


def alert_rule(
    alert: str, expression: str, duration: str, severity: Severity, summary: str, description: str
) -> dict[str, Any]:
    """One rule: `duration` as Prometheus writes it, `summary` and `description` are templates for people."""
    return {
        "alert": alert,
        "expr": expression,
        "for": duration,
        "labels": {"severity": severity},
        "annotations": {"summary": summary, "description": description},
    }
