"""Regions together: names, nodes, addresses, phase."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from settings.geography import EU_MEMBERS
from settings.platform import Platform
from settings.problems import Problem
from settings.residency import bound_to_the_union, bucket_placement

FILE = "Pulumi.yaml"


def check(platform: Platform) -> Iterator[Problem]:
    """All problems of the list of regions."""
    yield from _unique(platform)
    yield from _networks(platform)
    yield from _phase(platform)
    yield from _mongodb(platform)
    yield from _residency(platform)
    yield from _references(platform)


def _unique(platform: Platform) -> Iterator[Problem]:
    for what, values in {
        "code": platform.codes,
        "name": tuple(line.name for line in platform.regions),
        "postgres.cluster": tuple(line.postgres.cluster for line in platform.regions),
        "node": tuple(node for line in platform.regions for node in line.nodes),
    }.items():
        for value in _repeated(values):
            yield Problem(
                FILE,
                "openova:regions",
                f"The {what} {value!r} stands more than once.",
                "Two things would answer to one name, and one would take over the other's records and data.",
                f"Give each its own {what}.",
            )
    for index, line in enumerate(platform.regions):
        for number in _repeated([node.rpartition("-")[2] for node in set(line.nodes)]):
            yield Problem(
                FILE,
                f"openova:regions[{index}].nodes",
                f"Two nodes of {line.code} end in the number {number}.",
                "They would have the same address in the mesh.",
                "Give each node of a region its own number.",
            )


def _networks(platform: Platform) -> Iterator[Problem]:
    blocks = [
        (index, kind, ipaddress.IPv4Network(getattr(line.networks, kind)))
        for index, line in enumerate(platform.regions)
        for kind in ("pods", "services", "mesh")
    ]
    for (first, kind, block), (second, other_kind, other) in combinations(blocks, 2):
        if block.overlaps(other):
            yield Problem(
                FILE,
                f"openova:regions[{second}].networks.{other_kind}",
                f"{other} overlaps {block} ({kind} of {platform.regions[first].code}).",
                "Packets for one would reach the other: replication and health checks fail in ways hard to see.",
                "Give every region blocks of its own, such as 10.44.0.0/16, 10.45.0.0/16 and 10.99.3.0/24.",
            )
    for index, line in enumerate(platform.regions):
        mesh = ipaddress.IPv4Network(line.networks.mesh)
        highest = max(int(node.rpartition("-")[2]) for node in line.nodes)
        if highest >= mesh.num_addresses - 1:
            yield Problem(
                FILE,
                f"openova:regions[{index}].networks.mesh",
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
    voters = sum(len(line.mongodb.priorities) for line in platform.regions)
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
            "Use 3, 5 or 7 voters over all regions.",
        )
    if voters and not any(p > 0 for line in platform.regions for p in line.mongodb.priorities):
        yield Problem(
            FILE,
            "openova:regions[*].mongodb.priorities",
            "Every member has priority 0.",
            "A member of priority 0 never becomes primary, so nobody could write.",
            "Give at least one member a priority above 0.",
        )


def _residency(platform: Platform) -> Iterator[Problem]:
    for dataset in ("postgresql", "mongodb"):
        if getattr(platform.residency, dataset) != "eu":
            continue
        for line in platform.regions:
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
