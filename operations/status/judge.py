"""What is well and what is not, from what the regions said. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from operations.findings.model import Check, Status
from operations.readiness.acts import NEVER_RESTORED, Restore
from operations.status.backups import taken_in
from operations.status.databases import Seen
from settings.naming import postgres_host
from settings.platform import Platform

PLATFORM: Final = "platform"
LATE_SECONDS: Final = 10.0
"""A sender says something every few seconds, idle or not (wal_sender_timeout is 30 s): later the link is not whole."""

BACKUP_HOURS: Final = 30
"""A day, and the time that a base backup takes."""

BEHIND_BYTES: Final = 64 * 1024 * 1024
"""Four segments of log: more than a link with 150 ms round trip holds back."""


def judge(
    platform: Platform,
    seen: Sequence[Seen],
    backups: Mapping[str, str] | None = None,
    restore: Restore = NEVER_RESTORED,
) -> Iterator[Check]:
    """All checks of PostgreSQL. `backups` are the times of the last ones, by region (operations.status.backups)."""
    for region in seen:
        yield _answers(region)
    yield _writer(platform, seen)
    writer = next((region for region in seen if region.writes), None)
    for region in seen:
        if region.resource:
            yield from _configured(platform, region)
        if not region.silence and not region.writes:
            yield _follows(platform, region, writer)
        if region.resource and region.code in taken_in(platform):
            last = (backups or {}).get(region.code, "unknown")
            yield _backup(platform, region.code, last, restore, datetime.now(UTC))


def _answers(region: Seen) -> Check:
    rule = "Its API server and its database answer."
    if region.silence:
        fix = "Ask from another place before you call it lost: a link that is down is not a lost region."
        return Check(region.code, "answers", "fail", region.silence, rule, "Nobody knows what it does.", fix)
    status = region.resource.get("status") or {}
    ready, wanted = int(status.get("readyInstances") or 0), int(region.resource["spec"]["instances"])
    level: Status = "ok" if ready == wanted else "warn"
    what = f"{'writes' if region.writes else 'reads'}, timeline {region.state['timeline']}, {ready} of {wanted} ready"
    rule = "All its instances are ready."
    return Check(region.code, "answers", level, what, rule, "Fewer of them may fail.", "kubectl describe cluster")


def _writer(platform: Platform, seen: Sequence[Seen]) -> Check:
    rule = "Exactly one region writes: the one that the settings name."
    writers = [region.code for region in seen if region.writes]
    silent = [region.code for region in seen if region.silence]
    primary = platform.authority.primary
    said = ", ".join(writers) or "nobody"
    if len(writers) > 1:
        fix = f"Fence the one that is not {primary} at once: its writes will be lost. docs/authority.md"
        return Check(PLATFORM, "writer", "fail", said, rule, "Rows are written twice.", fix)
    if writers == [primary]:
        level: Status = "warn" if silent else "ok"
        return Check(PLATFORM, "writer", level, said, rule, f"{', '.join(silent)} was not asked.", "")
    if not writers and primary in silent:
        return Check(PLATFORM, "writer", "unknown", said, rule, f"{primary} did not answer.", "docs/authority.md")
    fix = "A change of authority was not carried to its end: openova switchover goes on where it stopped."
    return Check(PLATFORM, "writer", "fail", said, rule, f"The settings name {primary}.", fix)


def _configured(platform: Platform, region: Seen) -> Iterator[Check]:
    """Whether the Cluster says what the settings say."""
    if platform.phase != "read-replicas":
        return
    primary = platform.region(platform.authority.primary).postgres.cluster
    found = str((region.resource["spec"].get("replica") or {}).get("primary", "none"))
    yield Check(
        region.code,
        "role",
        "ok" if found == primary else "fail",
        f"its Cluster names {found}",
        "Its Cluster names the primary of the settings.",
        f"The settings name {primary}: the last change did not reach it.",
        f"pulumi up --stack {region.code}",
    )


def _follows(platform: Platform, region: Seen, writer: Seen | None) -> Check:
    rule = "It streams from the writing region, on its timeline, and is not ahead of it."
    if writer is None:
        return Check(region.code, "follows", "unknown", _lag(region, None), rule, "Nobody is known to write.", "")
    host = postgres_host(platform, platform.region(writer.code))
    behind = int(writer.state["position"]) - int(region.state["position"])
    what = _lag(region, behind)
    if _diverged(region, writer, host, behind):
        return Check(
            region.code, "follows", "fail", f"diverged: {what}", rule,
            "It holds rows that the writer never had and will never receive anything; CloudNativePG calls it healthy.",
            f"Re-clone it: a new generation and cloneFrom: {writer.code}. docs/authority.md",
        )  # fmt: skip
    heard = region.state.get("heard")
    if region.state.get("source") != host:
        fix = "Look at the mesh between the regions: openova doctor --after."
        return Check(region.code, "follows", "fail", f"not streaming: {what}", rule, "It falls behind.", fix)
    if heard is not None and float(heard) > LATE_SECONDS:
        fix = "Look at the mesh between the regions: openova doctor --after."
        return Check(region.code, "follows", "fail", f"silent link: {what}", rule, "It falls behind.", fix)
    late = behind > BEHIND_BYTES
    fix = "Look at the link's loss and at the follower's disk."
    return Check(region.code, "follows", "warn" if late else "ok", what, rule, "A failover would lose that.", fix)


def _diverged(region: Seen, writer: Seen, host: str, behind: int) -> bool:
    """Another database, or log that the writer never wrote. A follower that streams has been accepted by its sender."""
    if region.state["system"] != writer.state["system"]:
        return True
    if region.state.get("source") == host:
        return False
    return behind < 0 or int(region.state["timeline"]) > int(writer.state["timeline"])


def _lag(region: Seen, behind: int | None) -> str:
    heard, source = region.state.get("heard"), region.state.get("source")
    parts = [f"from {source}" if source else "from nobody"]
    if behind is not None:
        parts.append(f"{max(behind, 0):,} bytes behind" if behind >= 0 else f"{-behind:,} bytes ahead")
    if heard is not None:
        parts.append(f"heard {heard} s ago")
    elif region.state.get("applied") is not None:
        parts.append(f"last row {region.state['applied']} s ago")
    return ", ".join(parts)


def _backup(platform: Platform, code: str, last: str, restore: Restore, now: datetime) -> Check:
    rule = "A backup is taken every day, and a restore of it was tested."
    if not platform.backups.enabled:
        return Check(code, "backup", "warn", "off", rule, "A mistake is replicated and then final.", "backups")
    seen = f"last backup: {last}; restore: {restore.told}"
    level: Status = "ok" if restore.fresh and _lately(last, now) else "warn"
    fix = "Restore it into a cluster of its own, compare, and write it down: docs/evidence/README.md"
    return Check(code, "backup", level, seen, rule, "A backup counts once it was restored.", fix)


def _lately(last: str, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(last) <= timedelta(hours=BACKUP_HOURS)
    except ValueError:
        return False


def rows(platform: Platform, seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """One row a region for the screen and for `--json`: what was asked, nothing judged."""
    writer = next((region for region in seen if region.writes), None)
    return [
        {
            "region": region.code,
            "configured": "primary" if region.code == platform.authority.primary else "replica",
            "writes": None if region.silence else region.writes,
            "timeline": region.state.get("timeline"),
            "behindBytes": int(writer.state["position"]) - int(region.state["position"])
            if writer is not None and region.state
            else None,
            "heardSeconds": region.state.get("heard"),
            "source": region.state.get("source"),
            "followers": list(region.state.get("followers") or []),
            "silence": region.silence,
        }
        for region in seen
    ]
