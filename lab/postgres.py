"""The lab's PostgreSQL, asked itself: by psql in its pods, never by what an operator says of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lab.kubernetes import Cluster, RefusedError

NAMESPACE: Final = "databases"
KIND: Final = "clusters.postgresql.cnpg.io"
READY_SECONDS: Final = 420
_STATE: Final = """
select json_build_object(
  'writes', not pg_is_in_recovery(),
  'timeline', coalesce((select received_tli from pg_stat_wal_receiver),
                       (select timeline_id from pg_control_checkpoint())),
  'source', (select sender_host from pg_stat_wal_receiver where status = 'streaming'),
  'behind', (select round(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 3)
             where pg_is_in_recovery()),
  'followers', (select count(*) from pg_stat_replication where state = 'streaming'))
"""


@dataclass(frozen=True)
class Database:
    """A region's CloudNativePG cluster, by its name."""

    cluster: Cluster
    name: str

    @property
    def resource(self) -> dict[str, Any]:
        """The Cluster as the API server has it; empty where there is none. Raises RefusedError."""
        return self.cluster.get(KIND, self.name, NAMESPACE) or {}

    @property
    def leader(self) -> str:
        """The pod that CloudNativePG calls primary: of a replica cluster the designated one. Raises RefusedError."""
        return str(self.resource.get("status", {}).get("currentPrimary", ""))

    @property
    def pods(self) -> list[str]:
        """The instances' pods, sorted. Raises RefusedError."""
        selector = f"cnpg.io/cluster={self.name},cnpg.io/podRole=instance"
        said = self.cluster.kubectl("get", "pods", "-n", NAMESPACE, "-l", selector, "-o", "name")
        return sorted(line.removeprefix("pod/") for line in said.split())

    def sql(self, statement: str, pod: str = "", *, database: str = "app", seconds: float = 60) -> str:
        """What psql prints in a pod (by default the leader's), as the superuser, unaligned. Raises RefusedError."""
        psql = ("psql", "-XtAq", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-")
        where = ("exec", "-i", "-n", NAMESPACE, pod or self.leader, "-c", "postgres", "--")
        return self.cluster.kubectl(*where, *psql, stdin=statement, seconds=seconds).strip()

    def state(self, pod: str = "") -> dict[str, Any]:
        """`writes`, `timeline`, `source` (whom it streams from), `behind` (seconds since the last replayed
        transaction) and `followers` of a pod. Raises RefusedError."""
        found: dict[str, Any] = json.loads(self.sql(_STATE, pod))
        return found

    def writes(self, pod: str = "") -> bool:
        """Whether the pod (by default the leader's) says that it takes writes; one that does not answer does not."""
        try:
            return bool(self.state(pod)["writes"])
        except (RefusedError, ValueError):
            return False

    @property
    def healthy(self) -> bool:
        """Whether all instances are ready, and the leader of a replica streams."""
        try:
            resource = self.resource
            ready = resource.get("status", {}).get("readyInstances", 0)
            if not resource or ready != resource["spec"]["instances"]:
                return False
            state = self.state()
            return bool(state["writes"] or state["source"])
        except (RefusedError, ValueError):
            return False

    def wait_healthy(self, say: Callable[[str], None], seconds: float = READY_SECONDS) -> None:
        """Until `healthy`. Raises RuntimeError with what the operator says last where it takes longer."""
        until(lambda: self.healthy, f"{self.name} is not healthy", say, self._phase, seconds)

    def _phase(self) -> str:
        try:
            status = self.resource.get("status", {})
        except RefusedError as error:
            return str(error)
        return f"{self.name}: {status.get('phase', 'not there yet')}, {status.get('readyInstances', 0)} ready"


def until(
    ready: Callable[[], bool],
    failure: str,
    say: Callable[[str], None] = lambda _: None,
    phase: Callable[[], str] = str,
    seconds: float = 120,
) -> None:
    """Until `ready`, saying each new `phase`. Raises RuntimeError with `failure` where it takes longer."""
    deadline, told = time.monotonic() + seconds, ""
    while not ready():
        if (now := phase()) != told:
            told = now
            say(told)
        if time.monotonic() > deadline:
            raise RuntimeError(f"{failure} after {seconds:.0f} s. {told}")
        time.sleep(1)
