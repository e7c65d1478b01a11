"""What each region's PostgreSQL says of itself, by psql in its own pod: never what an operator says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from operations.access import NOT_AT_HAND, AnsweredError, Cluster, UnreachableError
from settings.platform import Platform

KIND: Final = "clusters.postgresql.cnpg.io"
CONTAINER: Final = "postgres"
PSQL: Final = ("psql", "-XtAq", "-v", "ON_ERROR_STOP=1", "-f", "-", "-d")
"""What follows is the database; the statement comes by standard input."""

# Positions are bytes since the beginning of the log: what was received, even if the sender is gone since. On a
# timeline that ended elsewhere they may be ahead of the writer's.
_ASK: Final = """
set statement_timeout = '5s';
select json_build_object(
  'writes', not pg_is_in_recovery(),
  'system', (select system_identifier::text from pg_control_system()),
  'timeline', coalesce((select received_tli from pg_stat_wal_receiver),
                       (select timeline_id from pg_control_checkpoint())),
  'position', (case when pg_is_in_recovery()
                    then greatest(coalesce(pg_last_wal_receive_lsn(), '0/0'), coalesce(pg_last_wal_replay_lsn(), '0/0'))
                    else pg_current_wal_lsn() end) - '0/0'::pg_lsn,
  'source', (select sender_host from pg_stat_wal_receiver where status = 'streaming'),
  'heard', (select round(extract(epoch from clock_timestamp() - last_msg_receipt_time), 1) from pg_stat_wal_receiver),
  'applied', (select round(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 1)),
  'followers', (select coalesce(json_agg(application_name order by application_name), '[]'::json)
                from pg_stat_replication where state = 'streaming'));
"""


@dataclass(frozen=True)
class Seen:
    """One region. `silence` says why it did not answer; then the rest is empty.

    `resource` is CloudNativePG's Cluster, `state` the leader's own answer: `writes`, `system` (identifier),
    `timeline`, `position` (bytes of log), `source` (the host it streams from), `heard` (seconds since the sender's
    last message), `applied` (seconds since the last replayed transaction), `followers` (names that stream from it).
    """

    code: str
    silence: str = ""
    resource: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether the database takes writes, by its own word."""
        return bool(self.state.get("writes"))

    @property
    def leader(self) -> str:
        """The pod that leads: of a replica cluster the designated primary."""
        return str((self.resource.get("status") or {}).get("currentPrimary") or "")


def observe(platform: Platform, clusters: Mapping[str, Cluster]) -> list[Seen]:
    """All regions, asked at once; one that hangs costs its own time limit and no more."""

    def one(code: str) -> Seen:
        return look(platform, clusters[code]) if code in clusters else Seen(code, silence=NOT_AT_HAND)

    with ThreadPoolExecutor(max_workers=len(platform.codes)) as pool:
        return list(pool.map(one, platform.codes))


def look(platform: Platform, cluster: Cluster) -> Seen:
    """One region."""
    name = platform.region(cluster.code).postgres.cluster
    try:
        resource = cluster.get(KIND, name, f"--namespace={platform.postgres.namespace}")
    except (UnreachableError, AnsweredError) as error:
        return Seen(cluster.code, silence=str(error))
    seen = Seen(cluster.code, resource=resource)
    try:
        return Seen(cluster.code, resource=resource, state=json.loads(sql(platform, cluster, seen.leader, _ASK)))
    except (UnreachableError, AnsweredError, ValueError) as error:
        return Seen(cluster.code, silence=f"its database does not answer: {error}", resource=resource)


def sql(platform: Platform, cluster: Cluster, pod: str, statement: str, *, database: str = "postgres") -> str:
    """What psql prints in a pod, as the superuser. Raises UnreachableError and AnsweredError."""
    if not pod:
        raise AnsweredError(f"{cluster.code}: no pod leads")
    command = [*PSQL, database]
    return cluster.execute(platform.postgres.namespace, pod, CONTAINER, command, stdin=statement).strip()
