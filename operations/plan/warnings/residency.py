"""Warnings about where data lies."""

from __future__ import annotations

from collections.abc import Iterator

from operations.plan.warnings.warned import Warned
from settings.geography import EU_MEMBERS
from settings.platform import Platform


def residency(platform: Platform) -> Iterator[Warned]:
    """Data that leaves the European Union."""
    members = [line for line in platform.sites if platform.mongodb.enabled and line.mongodb.priorities]
    for dataset, holders in (("postgresql", platform.regions), ("mongodb", members)):
        abroad = [f"{line.code} ({line.country})" for line in holders if line.country not in EU_MEMBERS]
        inside = [line.code for line in holders if line.country in EU_MEMBERS]
        if abroad and inside and getattr(platform.residency, dataset) == "any":
            yield Warned(
                f"residency-{dataset}",
                "notice",
                f"Pulumi.yaml openova:residency.{dataset}",
                f"{dataset} is copied from {', '.join(inside)} to {', '.join(abroad)}, outside the European Union.",
                "Personal data of people in the Union may only go there under chapter V of the GDPR.",
                f"Keep such data elsewhere, or set residency.{dataset}: eu, which refuses the copy.",
            )
