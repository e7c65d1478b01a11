"""The authority record: who may write, and how it came to that.

A former primary must never be rendered as a replica unless it handed over (a token) or its copy of the
data is discarded (a raised generation): CloudNativePG would call the diverged copy healthy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from settings.platform import Platform
from settings.problems import Problem

FILE = "Pulumi.yaml"
KEY = "openova:authority"


def check(platform: Platform) -> Iterator[Problem]:
    """All problems of the record and of the generations that go with it."""
    yield from _record(platform)
    yield from _generations(platform)
    yield from _founder(platform)
    yield from _forced(platform)


def _record(platform: Platform) -> Iterator[Problem]:
    authority = platform.authority
    for field in ("primary", "previous"):
        code = getattr(authority, field)
        if code is not None and code not in platform.codes:
            yield Problem(
                FILE,
                f"{KEY}.{field}",
                f"{code!r} is not one of the regions {', '.join(platform.codes)}.",
                "No region would be allowed to write.",
                "Name a region of openova:regions.",
            )
    first = authority.epoch == 1
    stated = (authority.previous is not None, authority.change is not None)
    if stated != (not first, not first):
        yield Problem(
            FILE,
            KEY,
            "`previous` and `change` stand in the record from epoch 2 on, and in no other.",
            "The program could not tell a planned change from a forced one, and might let two regions write.",
            "Edit the block as one: primary, previous, epoch (one higher) and change: switchover or failover.",
        )
    if authority.previous == authority.primary:
        yield Problem(
            FILE,
            f"{KEY}.previous",
            "The previous primary is the primary itself.",
            "Nobody would hand over, and the epoch would rise for nothing.",
            "Name the region that wrote until now.",
        )


def _generations(platform: Platform) -> Iterator[Problem]:
    authority = platform.authority
    for index, line in enumerate(platform.regions):
        key = f"openova:regions[{index}].postgres"
        generation, source = line.postgres.generation, line.postgres.clone_from
        lost = authority.previous if authority.change == "failover" else None
        if line.code == lost != authority.primary and generation != authority.epoch:
            yield Problem(
                FILE,
                f"{key}.generation",
                f"A failover in epoch {authority.epoch} discards {line.code}'s copy: "
                f"its generation must be {authority.epoch}.",
                "Its old copy may hold writes that nobody else has; followed as a replica it would look healthy "
                "and never receive anything.",
                f"In the same edit set generation: {authority.epoch} and cloneFrom: {authority.primary}.",
            )
        elif line.code == authority.primary and generation == authority.epoch > 1:
            yield Problem(
                FILE,
                f"{key}.generation",
                f"{line.code} is to write in epoch {authority.epoch}, and its copy is discarded in the same epoch.",
                "The region that writes would first throw its data away.",
                "Choose a primary that keeps its copy, or leave its generation as it was.",
            )
        elif generation > authority.epoch:
            yield Problem(
                FILE,
                f"{key}.generation",
                f"Generation {generation} is ahead of the epoch {authority.epoch}.",
                "A generation is the epoch that discarded the copy before it; this one has not come yet.",
                f"Use a generation of {authority.epoch} at most.",
            )
        if generation > 1 and source is None:
            yield Problem(
                FILE,
                f"{key}.cloneFrom",
                f"Generation {generation} is a clone, and its source is missing.",
                "An empty database would be made beside the real one.",
                f"Add cloneFrom: {authority.primary if authority.primary != line.code else '<region>'}.",
            )
        if source == line.code:
            yield Problem(
                FILE,
                f"{key}.cloneFrom",
                f"{line.code} cannot be cloned from itself.",
                "There would be nothing to clone.",
                "Name the region that has the data.",
            )


def _founder(platform: Platform) -> Iterator[Problem]:
    sources = {line.code: line.postgres.clone_from for line in platform.regions}
    if platform.phase == "active-active" or _has_wrong_source(sources):
        return
    founders = [code for code, source in sources.items() if source is None]
    primary = platform.authority.primary
    if len(founders) > 1:
        yield Problem(
            FILE,
            "openova:regions[*].postgres.cloneFrom",
            f"{', '.join(founders)} would each make a database of their own; one region at most may.",
            "Two histories that never met would be told to replicate each other.",
            f"Add cloneFrom: {primary} to all but {primary}.",
        )
    elif platform.authority.epoch == 1 and founders != [primary] and primary in platform.codes:
        yield Problem(
            FILE,
            "openova:regions[*].postgres.cloneFrom",
            f"In epoch 1 the primary {primary} makes the database, and it says cloneFrom: {sources[primary]}.",
            "The primary would wait for a region that waits for it.",
            f"Remove cloneFrom from {primary}, and add cloneFrom: {primary} to the others.",
        )


def _has_wrong_source(sources: Mapping[str, str | None]) -> bool:
    """True where a region is cloned from itself or from one that is not there: told elsewhere already."""
    return any(source == code or (source is not None and source not in sources) for code, source in sources.items())


def _forced(platform: Platform) -> Iterator[Problem]:
    forced, authority = platform.mongodb.forced, platform.authority
    if forced is None:
        return
    if forced.epoch > authority.epoch:
        yield Problem(
            FILE,
            "openova:mongodb.forced.epoch",
            f"Epoch {forced.epoch} has not come yet; the record is at epoch {authority.epoch}.",
            "The next failover would be taken for one whose reconfiguration was already forced.",
            f"Use the epoch of the failover that it belongs to, {authority.epoch} at most.",
        )
    for code in sorted({*forced.without} & {authority.primary} | {*forced.without} - {*platform.site_codes}):
        yield Problem(
            FILE,
            "openova:mongodb.forced.without",
            f"{code!r} is the primary, or no region.",
            "The replica set would be left without the members that everybody writes to.",
            "Name the regions that were lost, and none else.",
        )
