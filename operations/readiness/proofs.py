"""What can show an item: people's acts, drills, runbooks, settings, and what runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from operations.drill.catalogue import SCENARIOS
from operations.plan.costing import report
from operations.readiness.acts import FILE as ACTS
from operations.readiness.known import Evidence, Known, Proof
from settings.stacks import RegionStack

RUNBOOKS: Final = "docs/runbooks"
VERIFICATION: Final = "docs/verification.md"


def act(kind: str) -> Proof:
    """That people did this, lately."""

    def proof(known: Known) -> Evidence:
        done = known.acts.get(kind)
        fix = f"Do it, and write it into {ACTS}: docs/evidence/README.md"
        if done is None:
            return Evidence(shown=False, told=f"{kind}: nobody has written it down", fix=fix)
        return Evidence(done.fresh(known.today), done.told(known.today), fix)

    return proof


def drill(scenario: str, *, on_servers: bool = False) -> Proof:
    """That the latest run of a scenario passed; with `on_servers` one in the lab does not count."""

    def proof(known: Known) -> Evidence:
        runs = [run for run in known.drills if run.scenario == scenario]
        counted = [run for run in runs if not (on_servers and run.lab)]
        where = " on servers (staging)" if on_servers else ""
        fix = f"Drill {scenario}{where}, and commit its file: docs/gameday.md"
        if not counted:
            only = f", only in the lab: {runs[-1].file}" if runs else ""
            return Evidence(shown=False, told=f"{scenario}: never drilled{where}{only}", fix=fix)
        last = counted[-1]
        late = "" if last.fresh(known.today) else ", too long ago"
        return Evidence(last.passed and not late, f"{last.told()}{late}", fix)

    return proof


def every_drill(known: Known) -> Evidence:
    """That the latest run of every scenario passed, in the lab or on servers."""
    found = {scenario.name: drill(scenario.name)(known) for scenario in SCENARIOS}
    open_ = [name for name, each in found.items() if not each.shown]
    told = f"{len(SCENARIOS) - len(open_)} of {len(SCENARIOS)} scenarios drilled with success"
    missing = f"; not {', '.join(open_)}" if open_ else ""
    return Evidence(not open_, f"{told}{missing}", "Drill them in the lab: docs/gameday.md")


def runbooks(known: Known) -> Evidence:
    """That every scenario has its page."""
    pages = [scenario.runbook for scenario in SCENARIOS]
    absent = [page for page in pages if not (known.root / RUNBOOKS / page).is_file()]
    told = f"{len(pages) - len(absent)} of {len(pages)} scenarios have a page in {RUNBOOKS}"
    missing = f"; not {', '.join(absent)}" if absent else ""
    return Evidence(not absent, f"{told}{missing}", "Write it; openova has to be run in a checkout of the program.")


def verified(begins: str) -> Proof:
    """That the program itself was seen to do it: a line of docs/verification.md, under `Seen`."""

    def proof(known: Known) -> Evidence:
        file = known.root / VERIFICATION
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        seen = text.partition("\n## Seen\n")[2].partition("\n## ")[0]
        rows = [line.strip("| ").split(" | ") for line in seen.splitlines() if line.startswith(f"| {begins}")]
        if not rows:
            return Evidence(shown=False, told=f"{VERIFICATION} has no line {begins}", fix="Update the program.")
        return Evidence(shown=True, told=f"the program's own tests, in the lab: {begins} ({rows[0][-1]})")

    return proof


def within_budget(known: Known) -> Evidence:
    """That what all of it costs is what was agreed."""
    cost = report(known.project)
    told = f"EUR {cost.total} a month of a budget of {cost.budget}"
    return Evidence(
        not cost.over_budget, told, "Raise openova:budget knowingly, or choose a cheaper edge: docs/cost.md"
    )


def watched(known: Known) -> Evidence:
    """That every region's metrics go somewhere, with alert rules."""
    blind = [
        code
        for code, region in _regions(known)
        if not (region.observability.monitors or region.observability.remote_write)
    ]
    told = f"off in {', '.join(blind)}" if blind else "on in every region"
    fix = "Set openova:observability.monitors or remoteWrite in each Pulumi.<region>.yaml."
    return Evidence(not blind, f"metrics: {told}", fix)


def seen_in_one_place(known: Known) -> Evidence:
    """That the metrics of all regions come together outside them."""
    places = {code: region.observability.remote_write for code, region in _regions(known)}
    absent = [code for code, place in places.items() if place is None]
    if absent:
        told = f"remoteWrite is not set in {', '.join(absent)}"
    else:
        told = f"remoteWrite to {', '.join(sorted({str(place) for place in places.values()}))}"
    fix = "Let every region send its metrics to one place that is in none of them: openova:observability.remoteWrite."
    return Evidence(not absent, told, fix)


def edge_tells(known: Known) -> Evidence:
    """That somebody is told when the edge leaves a region."""
    told = known.platform.edge.notifications
    on = [name for name, value in told.model_dump().items() if value]
    return Evidence(
        bool(on) or known.platform.edge.mode != "load-balancer",
        f"the edge's notifications: {', '.join(on) or 'none'}",
        "Set openova:edge.notifications.",
    )


def steers(known: Known) -> Evidence:
    """That users are sent to the nearest healthy region."""
    edge = known.platform.edge
    well = edge.mode != "records" and not edge.drained
    drained = f", drained: {', '.join(edge.drained)}" if edge.drained else ""
    fix = "openova:edge.mode load-balancer or tunnel, and nothing in openova:edge.drained."
    return Evidence(well, f"{edge.provider}, {edge.mode}, steering {edge.steering}{drained}", fix)


def has_applications(known: Known) -> Evidence:
    """That applications are given both URLs."""
    names = [application.name for application in known.platform.applications]
    told = f"both URLs are given to {', '.join(names)}" if names else "no application is named"
    return Evidence(bool(names), told, "Name them in openova:applications.")


def guarded(known: Known) -> Evidence:
    """That a returning region is shut."""
    told = f"isolation {known.platform.guard.isolation}" if known.platform.guarded else "off"
    return Evidence(known.platform.guarded, f"the guard: {told}", "Turn it on: docs/authority.md, The guard.")


def backed_up(known: Known) -> Evidence:
    """That backups are taken."""
    on = known.platform.backups.enabled
    return Evidence(on, f"backups: {'on' if on else 'off'}", "Set openova:backups.enabled.")


def live(question: str) -> Proof:
    """What clusters or stacks answered to this question."""

    def proof(known: Known) -> Evidence:
        return known.live.get(question, Evidence(shown=False, told="not asked", fix=NOT_ASKED))

    return proof


NOT_ASKED: Final = "Ask what runs: with Pulumi's login, or --kubeconfig REGION=FILE for each region."


def _regions(known: Known) -> Sequence[tuple[str, RegionStack]]:
    stacks = known.project.stacks
    return [(code, stack) for code in known.platform.codes if isinstance(stack := stacks.get(code), RegionStack)]
