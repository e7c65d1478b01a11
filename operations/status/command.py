"""`openova status`: one screen over all regions."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from operations.access import Cluster, clusters_of
from operations.authority.store import store_of
from operations.edge.access import edge_of
from operations.edge.judge import judge_edge, observe_edge
from operations.edge.model import EdgeSeen
from operations.edge.show import edge_document, edge_table
from operations.findings.model import Check, Report
from operations.findings.show import show
from operations.mongodb.shell import survey
from operations.mongodb.verify import election
from operations.options import print_json
from operations.readiness.acts import last_restore
from operations.status.backups import last_backups
from operations.status.databases import Seen, observe
from operations.status.judge import judge, rows
from operations.status.record import judge_record
from settings.loader import load_project
from settings.platform import Platform


def status(root: Path, kubeconfigs: Sequence[str], *, store: Path | None, as_json: bool, every: float | None) -> bool:
    """Look, print, and tell whether nothing failed; `every` so many seconds until Ctrl-C where it is given.

    Raises SettingsError for a broken configuration, or a kubeconfig that cannot be had.
    """
    platform = load_project(root).platform
    console = Console(highlight=False, soft_wrap=True)
    with clusters_of(root, platform.site_codes, kubeconfigs) as clusters:
        records, access = store_of(root, platform, store), edge_of(root, platform)
        while True:
            with ThreadPoolExecutor(max_workers=1) as asking:
                asked = asking.submit(observe_edge, access)
                seen = observe(platform, clusters)
            edge, silence = asked.result()
            backups = last_backups(platform, clusters, seen)
            report = Report(
                (
                    *judge(platform, seen, backups, last_restore(root, date.today())),
                    *judge_record(platform, records),
                    *judge_edge(platform, edge, silence),
                    *_mongodb(platform, clusters),
                )
            )
            if as_json:
                print_json({**document(platform, seen, report), "edge": edge_document(platform, edge, silence)})
            else:
                _draw(platform, seen, edge, report, console, clear=every is not None)
            if every is None:
                return not report.failed
            sys.stdout.flush()
            try:
                time.sleep(every)
            except KeyboardInterrupt:
                return not report.failed


def document(platform: Platform, seen: Sequence[Seen], report: Report) -> dict[str, Any]:
    """The whole status as JSON values."""
    authority = platform.authority
    return {
        "authority": {"primary": authority.primary, "epoch": authority.epoch, "change": authority.change},
        "regions": rows(platform, seen),
        **report.document(),
    }


def _mongodb(platform: Platform, clusters: Mapping[str, Cluster]) -> Sequence[Check]:
    if not platform.mongodb.enabled or platform.mongodb.operator != "percona":
        return ()
    return tuple(election(survey(platform, clusters)))


def _draw(
    platform: Platform, seen: Sequence[Seen], edge: EdgeSeen | None, report: Report, console: Console, *, clear: bool
) -> None:
    if clear and console.is_terminal:
        console.clear()
    authority = platform.authority
    console.print(f"Epoch {authority.epoch}: {authority.primary} is to write ({platform.domain})")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("region", "settings", "database", "timeline", "behind", "streams from", "followers"):
        table.add_column(title)
    for row in rows(platform, seen):
        does = "silent" if row["writes"] is None else "writes" if row["writes"] else "reads"
        behind = "" if row["behindBytes"] is None or row["writes"] else f"{row['behindBytes']:,} bytes"
        cells = [row["region"], row["configured"], does, str(row["timeline"] or ""), behind, row["source"] or ""]
        table.add_row(*cells, ", ".join(row["followers"]))
    console.print(table)
    if edge is not None:
        console.print(edge_table(platform, edge))
    show(report, console)
