"""Which stack waits for which: from the settings, the authority record, and what the regions have carried out.

Pure: no Pulumi, no state is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from settings.naming import GLOBAL_STACK, SHARED_STACK, stack_order
from settings.platform import Platform
from settings.stated import Addresses


@dataclass(frozen=True)
class Wait:
    """One stack waits for `stack`, because of `why`.

    `needed`: it cannot do without what `stack` gives, so a failure there stops it. Otherwise only the order counts.
    `at_end`: it begins beside `stack`, and comes to its own end only after that one has given it.
    """

    stack: str
    why: str
    needed: bool = True
    at_end: bool = False


@dataclass(frozen=True)
class Past:
    """What a site's own last finished `up` said of it; a witness carries out no epoch and has no copy."""

    epoch: int = 0
    generation: int = 0


Waits: TypeAlias = Mapping[str, tuple[Wait, ...]]
"""What every stack waits for, in the order in which stacks are told of."""


def waits(platform: Platform, past: Mapping[str, Past], stated: Mapping[str, Addresses]) -> Waits:
    """What every stack waits for in an `up`. `past` holds the sites that have been brought up before, `stated` the
    addresses that stand in the files of sites."""
    found: dict[str, tuple[Wait, ...]] = {SHARED_STACK: ()}
    for code in platform.site_codes:
        found[code] = (Wait(SHARED_STACK, "keys and tokens"), *_token(platform, code, past))
    for code in platform.codes:
        source = _clone_source(platform, code, past, stated)
        if source is not None and not _reaches(found, source.stack, code):
            found[code] = (*found[code], source)
    found[GLOBAL_STACK] = (
        Wait(SHARED_STACK, "the order of stacks", needed=False),
        *(Wait(code, "addresses", needed=code not in past) for code in platform.codes),
    )
    return {name: found[name] for name in stack_order(platform)}


def waits_to_destroy(platform: Platform) -> Waits:
    """What every stack waits for in a `destroy`: for those that use what it has."""
    sites = platform.site_codes
    traffic = Wait(GLOBAL_STACK, "it sends users there")
    return {
        GLOBAL_STACK: (),
        **dict.fromkeys(sites, (traffic,)),
        SHARED_STACK: (traffic, *(Wait(code, "it uses the keys and the bucket") for code in sites)),
    }


def only(graph: Waits, names: Sequence[str]) -> Waits:
    """The graph of some stacks. What is left out is as it is: the program itself refuses what it cannot do without."""
    return {
        name: tuple(wait for wait in before if wait.stack in names) for name, before in graph.items() if name in names
    }


def together(names: Sequence[str]) -> Waits:
    """A graph of stacks that do not wait for each other: a preview changes nothing."""
    return dict.fromkeys(names, ())


def readers(platform: Platform, code: str) -> tuple[str, ...]:
    """The stacks that read a site's addresses: every other site for the mesh, and `global` a region's."""
    sites = tuple(other for other in platform.site_codes if other != code)
    return (*sites, GLOBAL_STACK) if code in platform.codes else sites


def _token(platform: Platform, code: str, past: Mapping[str, Past]) -> Iterator[Wait]:
    authority = platform.authority
    planned = platform.phase == "read-replicas" and authority.change == "switchover"
    if not planned or code != authority.primary or authority.previous is None:
        return
    given = past.get(authority.previous, Past()).epoch >= authority.epoch
    if not given:
        yield Wait(authority.previous, f"the demotion token of epoch {authority.epoch}")


def _clone_source(
    platform: Platform, code: str, past: Mapping[str, Past], stated: Mapping[str, Addresses]
) -> Wait | None:
    """From nothing both are made at the same time, where the one can find the other's nodes by the settings: a copy
    dials its source until there is one."""
    postgres = platform.region(code).postgres
    made = code in past and past[code].generation >= postgres.generation
    if platform.phase != "read-replicas" or postgres.clone_from is None or made:
        return None
    source = platform.region(postgres.clone_from)
    beside = source.code not in past and {*source.nodes} <= {*stated.get(source.code, {})}
    return Wait(source.code, f"the data that generation {postgres.generation} is cloned from", at_end=beside)


def _reaches(graph: Mapping[str, tuple[Wait, ...]], start: str, goal: str) -> bool:
    seen, ahead = set[str](), [start]
    while ahead:
        name = ahead.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            ahead += [wait.stack for wait in graph.get(name, ())]
    return False
