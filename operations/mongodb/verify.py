"""`openova verify mongodb`: whether the set that runs is the set of the settings. Changes nothing that lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from components.mongodb.members import votes_granted
from operations.access import AnsweredError, Cluster, UnreachableError
from operations.findings.model import Check, Report
from operations.mongodb.shell import REPLICA_SET, Seen, ask, script, survey
from regions.members import all_members, managing_region
from settings.platform import Platform

SET: Final = "replica set"
_FORCED: Final = "docs/mongodb.md"


def verify(platform: Platform, clusters: Mapping[str, Cluster]) -> Report:
    """Ask every member and every region, and compare. One scratch database is written and dropped."""
    seen = survey(platform, clusters)
    return Report((*members(seen), *configuration(platform, seen), *election(seen), *_from_regions(clusters, seen)))


def members(seen: Sequence[Seen]) -> Iterator[Check]:
    """Whether each member answers, over TLS, encrypted at rest, in the release series that is asked for."""
    for each in seen:
        where = each.seat.pod
        if each.silence:
            rule = "Every member answers in its own pod."
            fix = f"kubectl describe pod -n {each.seat.namespace} {where}; then its logs."
            yield Check(where, "answers", "fail", each.silence, rule, "Its vote and its copy are missing.", fix)
            continue
        yield Check(where, "answers", "ok", str(each.answer.get("version")), "Every member answers in its own pod.")
        options = each.answer.get("options") or {}
        at_rest = bool((options.get("security") or {}).get("enableEncryption"))
        mode = ((options.get("net") or {}).get("tls") or {}).get("mode", "none")
        well = at_rest and mode == "requireTLS"
        yield Check(
            where,
            "encryption",
            "ok" if well else "fail",
            f"at rest: {'yes' if at_rest else 'no'}, TLS: {mode}",
            "Data is encrypted at rest, and every connection by TLS.",
            "Whoever has the disk or the wire has the data.",
            "Compare the pod's arguments with the PerconaServerMongoDB resource.",
        )


def configuration(platform: Platform, seen: Sequence[Seen]) -> Iterator[Check]:
    """Whether `rs.conf()` has exactly the members of the settings, with their votes, priorities and tags."""
    rule = "rs.conf() holds the members of the settings, with their votes, priorities and tags."
    configs = [each.answer["config"] for each in seen if each.answer.get("config")]
    if not configs:
        yield Check(SET, "configuration", "fail", "no member has a configuration", rule, "There is no set.", _FORCED)
        return
    newest = max(configs, key=lambda config: (int(config.get("term", 0)), int(config["version"])))
    manager = managing_region(platform)
    expected = all_members(platform, local=manager)
    votes = votes_granted(expected)
    wanted = {m.address: (v, m.priority if v else 0, m.region) for m, v in zip(expected, votes, strict=True)}
    found = {
        str(member["host"]): (
            int(member.get("votes", 1)),
            int(member.get("priority", 1)),
            str((member.get("tags") or {}).get("region", "")),
        )
        for member in newest["members"]
    }
    for address in sorted(wanted.keys() | found.keys()):
        same = wanted.get(address) == found.get(address)
        yield Check(
            SET,
            address,
            "ok" if same else "fail",
            _member(found.get(address)),
            rule,
            f"Expected: {_member(wanted.get(address))}. Elections and reads would go another way.",
            f"The operator of {manager} writes it: kubectl describe psmdb -n {platform.mongodb.namespace}",
        )


def _member(known: tuple[int, int, str] | None) -> str:
    if known is None:
        return "not a member"
    return f"votes {known[0]}, priority {known[1]}, region {known[2] or 'none'}"


def election(seen: Sequence[Seen]) -> Iterator[Check]:
    """Whether there is one primary, and whether it is the member of the highest priority that answers."""
    primaries = [each for each in seen if each.primary]
    names = ", ".join(each.seat.pod for each in primaries) or "none"
    rule = "One member is primary: the healthy one of the highest priority."
    if len(primaries) != 1:
        consequence = "Nobody can write." if not primaries else "One of them is a leftover and will step down."
        yield Check(SET, "primary", "fail", names, rule, consequence, f"Without a majority: {_FORCED}")
        return
    answering = [each for each in seen if not each.silence and each.seat.member.votes]
    best = max(each.seat.member.priority for each in answering)
    first = primaries[0].seat.member.priority == best
    yield Check(
        SET, "primary", "ok" if first else "warn", names, rule,
        "Writes take a longer way than planned.", "It moves by itself once the better member has caught up.",
    )  # fmt: skip


def _from_regions(clusters: Mapping[str, Cluster], seen: Sequence[Seen]) -> Iterator[Check]:
    """What a client in each site meets: names, TLS, reads nearby, writes of a majority."""
    for code, cluster in clusters.items():
        alive = [each for each in seen if each.seat.site == code and not each.silence]
        if alive:
            yield from _own_names(cluster, alive)
            yield _read(cluster, alive, seen)
            yield _write(cluster, alive[0], seen)


def _own_names(cluster: Cluster, alive: Sequence[Seen]) -> Iterator[Check]:
    for each in alive:
        address = each.seat.member.address

        def me(each: Seen = each, address: str = address) -> str:
            return str(ask(cluster, each.seat, script("read.js"), address=address)["me"])

        def own(found: str, address: str = address) -> bool:
            return found == address

        rule = "A member reaches itself under its own name, and the certificate covers it."
        consequence = "It would take itself for another and leave the set (state REMOVED)."
        fix = "Compare coredns-custom, the member's NodePort Service and the names in the certificate."
        yield _tried(each.seat.pod, "own name", me, own, (rule, consequence, fix))


def _read(cluster: Cluster, alive: Sequence[Seen], seen: Sequence[Seen]) -> Check:
    region = alive[0].seat.member.region
    options = f"&replicaSet={REPLICA_SET}&readPreference=nearest&readPreferenceTags=region:{region}&readPreferenceTags="

    def near() -> str:
        answer = ask(cluster, alive[0].seat, script("read.js"), address=_addresses(seen), options=options)
        return str(answer["tags"].get("region", "none"))

    rule = "readPreference=nearest with the region's tag first reads in the region."
    consequence = "Every read would cross the sea."
    return _tried(
        cluster.code, "reads nearby", near, lambda found: found == region, (rule, consequence, "Compare rs.conf().")
    )


def _write(cluster: Cluster, at: Seen, seen: Sequence[Seen]) -> Check:
    def write() -> str:
        answer = ask(
            cluster, at.seat, script("write.js"), user="DATABASE_ADMIN", address=_addresses(seen),
            options=f"&replicaSet={REPLICA_SET}&retryWrites=true",
        )  # fmt: skip
        return f"{answer['milliseconds']} ms" if answer["acknowledged"] else "not acknowledged"

    rule = "A write of a majority is acknowledged from every region."
    consequence = "Applications there cannot write."
    return _tried(
        cluster.code, "majority write", write, lambda seen: seen.endswith(" ms"), (rule, consequence, _FORCED)
    )


def _tried(
    where: str, name: str, look: Callable[[], str], well: Callable[[str], bool], told: tuple[str, str, str]
) -> Check:
    """A check of what `look` finds; an error is found, too."""
    try:
        found = look()
    except (UnreachableError, AnsweredError, KeyError, TypeError) as error:
        return Check(where, name, "fail", str(error), *told)
    return Check(where, name, "ok" if well(found) else "fail", found, *told)


def _addresses(seen: Sequence[Seen]) -> str:
    return ",".join(each.seat.member.address for each in seen)
