"""Regions together: names, nodes, addresses, phase."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from settings.geography import EU_MEMBERS
from settings.platform import Platform, RegionLine, WitnessLine
from settings.problems import Problem
from settings.residency import bound_to_the_union, bucket_placement

FILE = "Pulumi.yaml"


def check(platform: Platform) -> Iterator[Problem]:
    """All problems of the list of regions."""
    yield from _unique(platform)
    yield from _networks(platform)
    yield from _phase(platform)
    yield from _witnesses(platform)
    yield from _mongodb(platform)
    yield from _residency(platform)
    yield from _references(platform)


def _unique(platform: Platform) -> Iterator[Problem]:
    for what, values in {
        "code": platform.site_codes,
        "name": tuple(line.name for line in platform.sites),
        "postgres.cluster": tuple(line.postgres.cluster for line in platform.regions),
        "node": tuple(node for line in platform.sites for node in line.nodes),
    }.items():
        for value in _repeated(values):
            yield Problem(
                FILE,
                "openova:regions",
                f"The {what} {value!r} stands more than once.",
                "Two things would answer to one name, and one would take over the other's records and data.",
                f"Give each its own {what}.",
            )
    for key, line in _sites(platform):
        for number in _repeated([node.rpartition("-")[2] for node in set(line.nodes)]):
            yield Problem(
                FILE,
                f"{key}.nodes",
                f"Two nodes of {line.code} end in the number {number}.",
                "They would have the same address in the mesh.",
                "Give each node of a region its own number.",
            )


def _networks(platform: Platform) -> Iterator[Problem]:
    blocks = [
        (key, line.code, kind, ipaddress.IPv4Network(getattr(line.networks, kind)))
        for key, line in _sites(platform)
        for kind in ("pods", "services", "mesh")
    ]
    for (_, code, kind, block), (key, _, other_kind, other) in combinations(blocks, 2):
        if block.overlaps(other):
            yield Problem(
                FILE,
                f"{key}.networks.{other_kind}",
                f"{other} overlaps {block} ({kind} of {code}).",
                "Packets for one would reach the other: replication and health checks fail in ways hard to see.",
                "Give every region blocks of its own, such as 10.44.0.0/16, 10.45.0.0/16 and 10.99.3.0/24.",
            )
    for key, line in _sites(platform):
        mesh = ipaddress.IPv4Network(line.networks.mesh)
        highest = max(int(node.rpartition("-")[2]) for node in line.nodes)
        if highest >= mesh.num_addresses - 1:
            yield Problem(
                FILE,
                f"{key}.networks.mesh",
                f"{mesh} has no address for the node number {highest}.",
                "The node would have no address in the mesh.",
                "Use a /24, or smaller node numbers.",
            )


def _phase(platform: Platform) -> Iterator[Problem]:
    single = platform.phase == "single"
    if single != (len(platform.regions) == 1):
        yield Problem(
            FILE,
            "openova:phase",
            f"Phase {platform.phase} does not go with {len(platform.regions)} region(s).",
            "Replication needs two regions, and a single region has nothing to replicate to.",
            "Use `single` with one region, `read-replicas` or `active-active` with two or more.",
        )
    elif single and platform.edge.mode == "load-balancer":
        yield Problem(
            FILE,
            "openova:edge.mode",
            "Phase single has no load balancer: there is only one place to send traffic to.",
            "It would be paid for and could not fail over.",
            "Use `records` or `tunnel`.",
        )


def _witnesses(platform: Platform) -> Iterator[Problem]:
    if platform.witnesses and (not platform.mongodb.enabled or platform.phase == "single"):
        why = "MongoDB is off" if not platform.mongodb.enabled else "phase single has one region"
        yield Problem(
            FILE,
            "openova:witnesses",
            f"A witness is there to vote between regions, and {why}.",
            "It would cost money and decide nothing.",
            "Remove it, with its file.",
        )
    for index, line in enumerate(platform.witnesses):
        if len(line.mongodb.priorities) != 1:
            yield Problem(
                FILE,
                f"openova:witnesses[{index}].mongodb.priorities",
                f"{line.code} has {len(line.mongodb.priorities)} voting members; a witness has one.",
                "Its cluster is made for one member: more belong to a region, none would make it useless.",
                "Write one priority, lower than those of the regions, or leave the block out.",
            )


def _mongodb(platform: Platform) -> Iterator[Problem]:
    if not platform.mongodb.enabled:
        return
    if platform.mongodb.operator == "community" and platform.phase != "single":
        yield Problem(
            FILE,
            "openova:mongodb.operator",
            "The community operator cannot span clusters: its members are pods of one StatefulSet.",
            "Each region would get a replica set of its own, and the two would never share data.",
            "Use `percona`; `community` works in phase single.",
        )
    yield from _lone_voters(platform)
    voters = sum(len(line.mongodb.priorities) for line in platform.sites)
    if voters > 7:
        yield Problem(
            FILE,
            "openova:regions[*].mongodb.priorities",
            f"{voters} voting members; a replica set has at most 7 (MongoDB manual, replica set limits).",
            "The replica set would refuse its configuration.",
            "Leave regions without a voter (`priorities: []`), or with fewer.",
        )
    elif voters % 2 == 0:
        yield Problem(
            FILE,
            "openova:regions[*].mongodb.priorities",
            f"{voters} voting members, an even number.",
            "Two halves of equal size can lose sight of each other, and then neither elects a primary.",
            "Use 3, 5 or 7 voters over all regions and witnesses.",
        )
    if voters and not any(p > 0 for line in platform.sites for p in line.mongodb.priorities):
        yield Problem(
            FILE,
            "openova:regions[*].mongodb.priorities",
            "Every member has priority 0.",
            "A member of priority 0 never becomes primary, so nobody could write.",
            "Give at least one member a priority above 0.",
        )


def _lone_voters(platform: Platform) -> Iterator[Problem]:
    alone = [line.code for line in platform.regions if len(line.mongodb.priorities) == 1]
    if platform.mongodb.operator == "percona" and alone:
        yield Problem(
            FILE,
            "openova:regions[*].mongodb.priorities",
            f"{' and '.join(alone)} has one voting member. A region runs three members at least, and where its "
            "operator manages the set, the other two get a vote as well.",
            "After a switchover the set would have other votes than are written here.",
            "Give a region two or more voters, or none; a site with a single voter is a witness (openova:witnesses).",
        )


def _residency(platform: Platform) -> Iterator[Problem]:
    for dataset in ("postgresql", "mongodb"):
        if getattr(platform.residency, dataset) != "eu":
            continue
        for line in platform.regions if dataset == "postgresql" else platform.sites:
            held = dataset == "postgresql" or bool(line.mongodb.priorities)
            if held and line.country not in EU_MEMBERS:
                yield Problem(
                    FILE,
                    f"openova:residency.{dataset}",
                    f"{dataset} may lie in the European Union only, and region {line.code} is in {line.country}.",
                    "The data would be replicated out of the Union.",
                    f"Set it to `any`, or take the data out of {line.code}.",
                )
    bound = bound_to_the_union(platform)
    if bound and platform.backups.enabled and bucket_placement(platform)[1] != "eu":
        yield Problem(
            FILE,
            "openova:backups.bucket.jurisdiction",
            f"{' and '.join(bound)} may lie in the European Union only, and the backup bucket is not bound to it.",
            "A location is a hint only: the backup could be stored anywhere.",
            "Write `jurisdiction: eu`, or leave it out, before the bucket is made (it cannot be changed later).",
        )


def _references(platform: Platform) -> Iterator[Problem]:
    known = set(platform.codes)
    for index, row in enumerate(platform.latency):
        for code in sorted(set(row.rtt) - known):
            yield _unknown(f"openova:latency[{index}].rtt", code, known)
    for code in sorted(set(platform.edge.drained) - known):
        yield _unknown("openova:edge.drained", code, known)
    for index, line in enumerate(platform.regions):
        source = line.postgres.clone_from
        if source is not None and source not in known:
            yield _unknown(f"openova:regions[{index}].postgres.cloneFrom", source, known - {line.code})


def _sites(platform: Platform) -> Iterator[tuple[str, RegionLine | WitnessLine]]:
    """Every site with the key of its line."""
    for index, region in enumerate(platform.regions):
        yield f"openova:regions[{index}]", region
    for index, witness in enumerate(platform.witnesses):
        yield f"openova:witnesses[{index}]", witness


def _unknown(key: str, code: str, known: Iterable[str]) -> Problem:
    return Problem(
        FILE,
        key,
        f"{code!r} is not one of the regions it may name: {', '.join(sorted(known)) or 'none'}.",
        "It would name something that does not exist.",
        "Correct the code, or add the region to openova:regions.",
    )


def _repeated(values: Iterable[str]) -> list[str]:
    return sorted(value for value, count in Counter(values).items() if count > 1)
