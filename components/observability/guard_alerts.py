"""Alert rules for the guards of a region, from what its watch tells (operations/guard/watch.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from components.observability.alerts import alert_rule

SILENT_SECONDS: Final = 150
"""Twice the 60 s after which every guard states anew, and the 30 s between two looks of the watch."""

UNREAD_SECONDS: Final = 120


@dataclass(frozen=True, kw_only=True)
class WatchedGuard:
    """The guards of the region `code`, in `namespace`. `leased`: their leave ends after `ttl` seconds (`fence`)."""

    code: str
    namespace: str
    ttl: int
    leased: bool


def guard_monitor_spec(guard: WatchedGuard) -> dict[str, Any]:
    """The `spec` of the PodMonitor that scrapes the watch."""
    return {
        "namespaceSelector": {"matchNames": [guard.namespace]},
        "selector": {
            "matchLabels": {"app.kubernetes.io/name": guard.namespace, "app.kubernetes.io/component": "watch"}
        },
        "podMetricsEndpoints": [{"port": "metrics"}],
    }


def guard_rules(guard: WatchedGuard) -> list[dict[str, Any]]:
    """All rules. A node is told once whatever its trouble is called elsewhere: each rule looks at one thing."""
    of = f'code="{guard.code}"'
    return [
        alert_rule(
            "GuardWatchAbsent",
            f"absent(openova_guard_store_read_timestamp_seconds{{{of}}})",
            "10m",
            "warning",
            f"Nobody tells what the guards of {guard.code} do",
            "The guards may be well: openova status asks the record. Look at the pod of openova-guard-watch.",
        ),
        alert_rule(
            "GuardRecordOutOfReach",
            f"time() - openova_guard_store_read_timestamp_seconds{{{of}}} > {UNREAD_SECONDS}",
            "1m",
            "critical",
            f"{guard.code} does not reach the record of who may write",
            "With isolation fence it stops writing if its nodes do not reach it either. Look at the store, its keys "
            "and the way to it. Without the store there is no failover that is sure.",
        ),
        alert_rule(
            "GuardSilent",
            f"openova_guard_statement_age_seconds{{{of}}} > {SILENT_SECONDS}",
            "2m",
            "warning",
            "The guard of {{ $labels.node }} states nothing any more",
            "Its node is down, or its pod: kubectl -n openova-guard get pods -o wide. A failover has to wait for it, "
            "or has to know that the node is switched off.",
        ),
        alert_rule(
            "GuardBarrierShut",
            f'(openova_guard_barrier{{{of},barrier!="open"}} == 1) and on (code) (openova_guard_writer{{{of}}} == 1)',
            "2m",
            "critical",
            f"{{{{ $labels.node }}}} is {{{{ $labels.barrier }}}}, and the record says that {guard.code} writes",
            "Nobody writes by way of this node. kubectl -n openova-guard logs of its pod says why: usually it does not "
            "read the record, or has read another epoch.",
        ),
        alert_rule(
            "GuardBarrierOpen",
            f'(openova_guard_barrier{{{of},barrier="open"}} == 1) and on (code) (openova_guard_writer{{{of}}} == 0)',
            "2m",
            "critical",
            f"{{{{ $labels.node }}}} lets writers in, and the record says that {guard.code} does not write",
            "Two regions may write. Fence this one: docs/runbooks/returning-region.md, step 1.",
        ),
        *_lease(guard, of),
    ]


def _lease(guard: WatchedGuard, of: str) -> list[dict[str, Any]]:
    """A lease is renewed after a quarter of its time: one that is older than all of it was not, several times over."""
    if not guard.leased:
        return []
    writes = f"(openova_guard_writer{{{of}}} == 1)"
    return [
        alert_rule(
            "GuardLeaseNotRenewed",
            f"(openova_guard_statement_age_seconds{{{of}}} > {guard.ttl}) and on (code) {writes}",
            "1m",
            "critical",
            "{{ $labels.node }} does not renew its leave to write",
            "It shuts itself to writers. If all do so, the region does not reach the store, or its keys were changed.",
        )
    ]
