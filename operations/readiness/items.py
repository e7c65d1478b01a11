"""The list: prerequisites and go-live of the decision for several regions, in its words, and what operation adds."""

from __future__ import annotations

from typing import Final

from operations.readiness import proofs
from operations.readiness.known import Item, Known


def several(known: Known) -> bool:
    """More than one region."""
    return known.platform.phase != "single"


def follows(known: Known) -> bool:
    """One region writes and others follow it."""
    return known.platform.phase == "read-replicas"


def mongodb(known: Known) -> bool:
    """MongoDB is on, over several regions."""
    return known.platform.mongodb.enabled and several(known)


def backups(known: Known) -> bool:
    """There are backups that could be restored."""
    return known.platform.backups.enabled


def backups_of_mongodb(known: Known) -> bool:
    """The same of MongoDB."""
    return known.platform.backups.enabled and known.platform.mongodb.enabled


REGIONS_IN_THE_LAB: Final = "Two regions, 150 ms apart"
COMMANDS_IN_THE_LAB: Final = "`openova status`, `switchover`, `failover`"
"""How lines of docs/verification.md begin."""

ITEMS: Final = (
    Item("mvp", "prerequisites", "Stable MVP with proven architecture", (proofs.act("mvp-stable"),), several),
    Item("users", "prerequisites", "100+ active users requiring lower latency", (proofs.act("users"),), several),
    Item(
        "revenue", "prerequisites", "Revenue to justify 3x infrastructure cost",
        (proofs.within_budget, proofs.act("revenue")), several,
    ),
    Item(
        "maturity", "prerequisites", "Operational maturity for multi-cluster management",
        (proofs.act("on-call"), proofs.act("game-day")), several,
    ),
    Item(
        "network", "prerequisites", "Cross-region network testing completed",
        (proofs.verified(REGIONS_IN_THE_LAB), proofs.live("replication"), proofs.drill("link-cut")), follows,
    ),
    Item(
        "staging", "prerequisites", "Database replication tested in staging",
        (proofs.drill("switchover", on_servers=True),), follows,
    ),
    Item(
        "procedures", "prerequisites", "Failover procedures documented and tested",
        (proofs.runbooks, proofs.verified(COMMANDS_IN_THE_LAB), proofs.every_drill), follows,
    ),
    Item(
        "observability", "prerequisites", "Observability stack ready for multi-region",
        (proofs.watched, proofs.edge_tells, proofs.act("alert-received")), several,
    ),
    Item("nodes", "go-live", "Nodes of every region provisioned", (proofs.live("nodes"),)),
    Item("k3s", "go-live", "K3s cluster set up in every region", (proofs.live("k3s"),)),
    Item(
        "replication", "go-live", "PostgreSQL streaming replication configured", (proofs.live("replication"),), follows
    ),
    Item("mongodb", "go-live", "MongoDB replica set extended to every region", (proofs.live("mongodb"),), mongodb),
    Item("edge", "go-live", "GeoDNS set up", (proofs.steers, proofs.live("edge")), several),
    Item(
        "applications", "go-live", "Applications deployed to every region", (proofs.live("applications"),), several
    ),
    Item(
        "splitting", "go-live", "Read/write splitting configured in apps",
        (proofs.has_applications, proofs.act("read-write-splitting")), follows,
    ),
    Item(
        "cross-region", "go-live", "Cross-region observability set up",
        (proofs.seen_in_one_place, proofs.act("alert-received")), several,
    ),
    Item(
        "failover", "go-live", "Failover procedures tested",
        tuple(proofs.drill(name, on_servers=True) for name in ("switchover", "region-loss", "returning-region")),
        follows,
    ),
    Item("runbooks", "go-live", "Runbooks updated for multi-region", (proofs.runbooks,), several),
    Item("team", "go-live", "Team trained on multi-region operations", (proofs.act("game-day"),), several),
    Item("guard", "operation", "A region that returns cannot write", (proofs.guarded,), follows),
    Item(
        "restore", "operation", "A restore of PostgreSQL was tested",
        (proofs.backed_up, proofs.act("restore-postgresql")),
    ),
    Item(
        "restore-mongodb", "operation", "A restore of MongoDB was tested", (proofs.act("restore-mongodb"),),
        backups_of_mongodb,
    ),
    Item("on-call", "operation", "Somebody can be reached at night", (proofs.act("on-call"),)),
    Item("state", "operation", "Pulumi's state and passphrase lie outside the regions", (proofs.act("state-kept"),)),
)  # fmt: skip
