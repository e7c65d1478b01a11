"""Warnings about how users get in."""

from __future__ import annotations

from collections.abc import Iterator

from operations.plan.warnings.warned import Warned
from regions.traffic import steering_of, uncovered_names
from settings.base import camel
from settings.platform import Platform


def edge(platform: Platform) -> Iterator[Warned]:
    """Certificates, and settings that do nothing."""
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


def latency(platform: Platform) -> Iterator[Warned]:
    """Places without a measurement."""
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
