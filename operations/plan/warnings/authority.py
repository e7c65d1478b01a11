"""Warnings about who writes, and who could."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from operations.plan.warnings.warned import Warned
from operations.quorum import Loss
from regions.members import managing_region
from settings.platform import Platform


def majority(platform: Platform, losses: Sequence[Loss]) -> Iterator[Warned]:
    """Losses that leave MongoDB without a majority."""
    for loss in losses:
        if loss.mongodb is not None and loss.mongodb.read and not loss.mongodb.write:
            yield Warned(
                "mongodb-majority",
                "warning",
                "Pulumi.yaml openova:regions[*].mongodb.priorities",
                f"Without {loss.region}, MongoDB has no majority: {loss.mongodb.note.split(':')[0]}.",
                f"With {loss.region} lost, MongoDB is read-only until it returns or a person forces a reconfiguration.",
                f"Place one data-bearing voter at a third site (2+2+1, openova:witnesses){_price(platform)}: then no "
                "loss of one region stops writes (docs/mongodb.md).",
            )


def _price(platform: Platform) -> str:
    """What the cheapest server for a witness would add to the month, where a price is known."""
    products = platform.prices.products
    if not products:
        return ""
    product = min(products, key=lambda name: products[name])
    return f" for EUR {products[product]:.2f} a month ({product})"


def change(platform: Platform) -> Iterator[Warned]:
    """What a failover leaves to be done."""
    authority = platform.authority
    if authority.change != "failover":
        return
    if platform.mongodb.enabled and managing_region(platform) != authority.primary:
        yield Warned(
            "mongodb-forced",
            "danger",
            "Pulumi.yaml openova:mongodb.forced",
            f"Without {authority.previous}, MongoDB has no majority and no primary; its configuration is left alone.",
            "MongoDB is read-only. Elections come back only by a reconfiguration that a person forces; writes "
            f"that {authority.previous} had acknowledged may be lost by it.",
            f"docs/authority.md; then forced: {{epoch: {authority.epoch}, without: [{authority.previous}]}}.",
        )
    for line in platform.regions:
        follows = line.code not in (authority.primary, authority.previous)
        if follows and line.postgres.generation < authority.epoch:
            yield Warned(
                "failover-follower",
                "danger",
                "Pulumi.yaml openova:regions",
                f"{line.code} followed {authority.previous} and is to follow {authority.primary} with the same copy.",
                f"If it had received more than {authority.primary}, it holds rows that {authority.primary} never saw "
                "and will receive nothing more, while CloudNativePG calls it healthy.",
                f"Compare the two (pg_last_wal_receive_lsn), or re-clone it: generation: {authority.epoch} and "
                f"cloneFrom: {authority.primary}.",
            )


def guard(platform: Platform) -> Iterator[Warned]:
    """What a region does that is cut off."""
    guard = platform.guard
    if platform.phase != "read-replicas":
        return
    if not guard.enabled:
        yield Warned(
            "guard-off",
            "warning",
            "Pulumi.yaml openova:guard.enabled",
            "No guard runs in the regions.",
            "After a failover the lost region accepts writes when it returns, until somebody fences it by hand; "
            "they are lost.",
            "docs/authority.md, The guard: release its image, set its digest as guard.image, and enabled: true.",
        )
    elif guard.isolation == "continue":
        yield Warned(
            "guard-continue",
            "notice",
            "Pulumi.yaml openova:guard.isolation",
            "A writing region that cannot reach the record goes on writing.",
            "After a failover two regions write until the lost one reads the record or is switched off; its rows are "
            "lost.",
            "Set isolation: fence where that is worse than to stop writing while the record is out of reach.",
        )
