"""What works and still deserves a thought before it is brought up: each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from operations.plan.project import Planned
from operations.quorum import Loss
from regions.members import managing_region
from regions.traffic import steering_of, uncovered_names
from settings import versions
from settings.base import camel
from settings.geography import EU_MEMBERS
from settings.platform import Platform
from settings.stacks import SiteStack

Severity = Literal["danger", "warning", "notice"]
_ORDER = ("danger", "warning", "notice")


@dataclass(frozen=True)
class Warned:
    """One thing to know: `where` is the file and key that decide it."""

    id: str
    severity: Severity
    where: str
    rule: str
    consequence: str
    remedy: str


def warnings(planned: Planned, losses: Sequence[Loss]) -> list[Warned]:
    """All of them, the most severe first."""
    platform = planned.project.platform
    found = [
        *_majority(platform, losses),
        *_change(platform),
        *_guard(platform),
        *_edge(platform),
        *_latency(platform),
        *_residency(platform),
        *_pins(planned),
        *_digests(),
        *_secrets(planned),
        *_messages(planned),
    ]
    return sorted(found, key=lambda item: (_ORDER.index(item.severity), item.id, item.where))


def _majority(platform: Platform, losses: Sequence[Loss]) -> Iterator[Warned]:
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


def _change(platform: Platform) -> Iterator[Warned]:
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


def _guard(platform: Platform) -> Iterator[Warned]:
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


def _edge(platform: Platform) -> Iterator[Warned]:
    edge = platform.edge
    for finding in uncovered_names(platform):
        yield Warned(
            "certificate",
            "warning",
            "Pulumi.yaml openova:edge.hosts",
            finding.rule,
            finding.consequence,
            finding.remedy,
        )
    if edge.provider == "route53":
        yield from _route53(platform)
    elif edge.mode == "load-balancer":
        yield from _cloudflare(platform)


def _route53(platform: Platform) -> Iterator[Warned]:
    edge = platform.edge
    bare = [app.name for app in platform.applications if app.image is not None and app.tls_secret is None]
    if bare:
        yield Warned(
            "origin-certificate",
            "warning",
            "Pulumi.yaml openova:applications[*].tlsSecret",
            f"Route 53 answers names and ends no TLS; the Ingress of {', '.join(bare)} has no certificate of its own.",
            "Users would be shown Traefik's own certificate, and refuse it.",
            "Put a certificate for every name of edge.hosts into a Secret of each cluster, and name it in tlsSecret.",
        )
    unused = [f"edge.{camel(key)}" for key in ("plan", "certificate") if key in edge.model_fields_set]
    for key in ("timeout", "check_regions", "faster_checks", "origin_certificate"):
        if key in edge.monitor.model_fields_set:
            unused.append(f"edge.monitor.{camel(key)}")
    if unused:
        yield Warned(
            "cloudflare-only",
            "notice",
            "Pulumi.yaml openova:edge",
            f"These settings are Cloudflare's and do nothing with Route 53: {', '.join(unused)}.",
            "Whoever reads them could expect what they say.",
            "Nothing to do: they count again with provider: cloudflare. docs/edge.md tells what Route 53 does instead.",
        )


def _cloudflare(platform: Platform) -> Iterator[Warned]:
    edge = platform.edge
    if edge.certificate == "advanced":
        yield Warned(
            "advanced-certificate",
            "notice",
            "Pulumi.yaml openova:edge.hosts",
            "Names two levels below the zone need an advanced certificate, which costs extra each month.",
            "Nothing breaks; it is a line of the bill.",
            "Serve api-{tenant} instead of api.{tenant} and set certificate: universal to save it.",
        )
    if any(row.pops for row in platform.latency) and not steering_of(platform).pop_pools:
        yield Warned(
            "pop-lists-unused",
            "notice",
            "Pulumi.yaml openova:latency[*].pops",
            "Steering by PoP is for the Enterprise plan only; the PoP lists are kept as data and not used.",
            "Users are steered by the region of the data centre that answers them, with the same winners.",
            "Nothing to do. With plan: enterprise and steering: auto they are used.",
        )


def _latency(platform: Platform) -> Iterator[Warned]:
    for row in platform.latency:
        missing = [code for code in platform.codes if code not in row.rtt]
        if missing:
            yield Warned(
                "latency-unknown",
                "warning",
                f"Pulumi.yaml openova:latency ({row.location})",
                f"There is no round-trip time from {row.location} to {', '.join(missing)}.",
                "A region without a measurement is the last choice there, near as it may be.",
                f"Measure it and add rtt: {{{missing[0]}: [lowest, highest]}}.",
            )


def _residency(platform: Platform) -> Iterator[Warned]:
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


def _pins(planned: Planned) -> Iterator[Warned]:
    for name, stack in planned.project.stacks.items():
        if isinstance(stack, SiteStack) and not (stack.k3s.binary_sha256 and stack.k3s.installer_sha256):
            yield Warned(
                "k3s-checksum",
                "warning",
                f"Pulumi.{name}.yaml openova:k3s",
                f"The SHA-256 sums of K3s {stack.k3s.version} are not set.",
                "The installation refuses to start: what runs as root is installed only when it is the file meant.",
                "Set binarySha256 (`k3s` in the release's sha256sum-amd64.txt) and installerSha256 (its install.sh).",
            )


def _secrets(planned: Planned) -> Iterator[Warned]:
    for name, absent in planned.project.unset_secrets.items():
        keys = ", ".join(secret.key for secret in absent)
        yield Warned(
            "secret-unset",
            "notice",
            f"Pulumi.{name}.yaml",
            f"Not set yet: {keys}.",
            "The plan needs no secret; pulumi up refuses to start without them.",
            f"pulumi config set --stack {name} --secret {absent[0].key}   (and so on; it asks for the value)",
        )


def _digests() -> Iterator[Warned]:
    loose = versions.images_without_digest()
    if loose:
        yield Warned(
            "image-digest",
            "notice",
            "settings/versions.py",
            f"{len(loose)} images are pinned by tag and not yet by digest: {', '.join(sorted(loose))}.",
            "Whoever can push to the registry can change what runs under the same tag.",
            "Set each `digest` from the registry (docker buildx imagetools inspect IMAGE:TAG).",
        )


def _messages(planned: Planned) -> Iterator[Warned]:
    for name, evaluation in planned.evaluations.items():
        for severity, text in evaluation.messages:
            if severity in ("warning", "error"):
                yield Warned(
                    "program", "warning", f"stack {name}", text, "The program said so while it ran.", "See there."
                )
