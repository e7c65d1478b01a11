"""What works and still deserves a thought before it is brought up: each with its remedy."""

from __future__ import annotations

from collections.abc import Sequence

from operations.plan.project import Planned
from operations.plan.warnings import authority, edge, pins
from operations.plan.warnings.residency import residency
from operations.plan.warnings.warned import ORDER, Warned
from operations.quorum import Loss

__all__ = ["Warned", "warnings"]


def warnings(planned: Planned, losses: Sequence[Loss]) -> list[Warned]:
    """All of them, the most severe first."""
    platform = planned.project.platform
    found = [
        *authority.majority(platform, losses),
        *authority.change(platform),
        *authority.guard(platform),
        *edge.edge(platform),
        *edge.latency(platform),
        *residency(platform),
        *pins.sums(planned),
        *pins.digests(),
        *pins.secrets(planned),
        *pins.messages(planned),
    ]
    return sorted(found, key=lambda item: (ORDER.index(item.severity), item.id, item.where))
