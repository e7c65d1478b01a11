"""What Cloudflare would refuse, or serve wrongly, told before anything is made. Pure functions.

Sources: `settings.tiers` for the plans; ssl/edge-certificates/universal-ssl/limitations for the certificate
(the zone's own name and one label below it).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.edge.steering import Mode
from settings.tiers import MAXIMUM_INTERVAL_SECONDS, PlanTier, limits


@dataclass(frozen=True, order=True)
class Finding:
    """A broken rule, what follows from it, and the remedy. `setting` is the key to change."""

    setting: str
    rule: str
    consequence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.rule} {self.consequence} {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class EdgePlan:
    """What is about to be made. `origins` counts the servers of all pools together, `interval` is in
    seconds, `check_regions` counts the regions that each pool is checked from, and `unchecked` names those
    that users are in and no pool is checked from."""

    zone: str
    hosts: tuple[str, ...]
    proxied: bool
    advanced_certificates: bool
    tier: PlanTier
    mode: Mode
    interval: int
    origins: int
    pools: int
    check_regions: int
    faster_checks: bool = False
    unchecked: tuple[str, ...] = ()


def check(plan: EdgePlan) -> tuple[Finding, ...]:
    """Everything that is wrong with load balancing as planned; empty where nothing is."""
    return (
        *names(plan.zone, plan.hosts, proxied=plan.proxied, advanced_certificates=plan.advanced_certificates),
        *_steering(plan),
        *_interval(plan),
        *_counts(plan),
        *_check_regions(plan),
    )


def names(zone: str, hosts: tuple[str, ...], *, proxied: bool, advanced_certificates: bool) -> tuple[Finding, ...]:
    """What is wrong with host names: for every mode of the edge."""
    outside = [host for host in hosts if host != zone and not host.endswith(f".{zone}")]
    deep = [host for host in hosts if host not in outside and _labels_below(host, zone) > 1]
    found = [
        Finding(
            "edge.hosts",
            f"{host} is not a name in the zone {zone}.",
            "Cloudflare would refuse it, or make it as a name below the zone.",
            f"Write a name that ends in .{zone}, or set the domain to the zone that it is in.",
        )
        for host in outside
    ]
    if proxied and not advanced_certificates:
        found += [_not_covered(host, zone) for host in deep]
    return tuple(found)


def _labels_below(host: str, zone: str) -> int:
    return len(host.split(".")) - len(zone.split("."))


def _not_covered(host: str, zone: str) -> Finding:
    flat = "-".join(host.removesuffix(f".{zone}").split("."))
    return Finding(
        "edge.certificate",
        f"Universal SSL covers {zone} and one label below it, not {host}.",
        "Browsers and clients would refuse the connection: the edge has no certificate for the name.",
        f"Name it {flat}.{zone}, or give it a zone of its own, or buy Advanced Certificate Manager and set "
        "edge.certificate to advanced.",
    )


def _steering(plan: EdgePlan) -> Iterator[Finding]:
    if plan.mode == "pop" and not limits(plan.tier).pop_steering:
        yield Finding(
            "edge.steering",
            f"Steering by data centre (PoP) is for Enterprise only; the plan is {plan.tier.value}.",
            "Cloudflare would refuse the load balancer.",
            "Set edge.steering to auto, which then steers by region of the world.",
        )
    if plan.mode == "dynamic" and plan.unchecked:
        yield Finding(
            "edge.monitor.checkRegions",
            f"Steering by measured latency measures by checks, and none comes from {', '.join(plan.unchecked)}.",
            "Users there would go to the primary, however far it is.",
            "Add these regions (each costs extra), or set edge.steering to auto.",
        )


def _interval(plan: EdgePlan) -> Iterator[Finding]:
    allowed = limits(plan.tier)
    minimum = allowed.minimum_interval(faster_checks=plan.faster_checks)
    if plan.interval > MAXIMUM_INTERVAL_SECONDS:
        yield Finding(
            "edge.monitor.interval",
            f"The longest check interval is {MAXIMUM_INTERVAL_SECONDS} s, not {plan.interval} s.",
            "Cloudflare would refuse the monitor.",
            "Use 60.",
        )
    if plan.interval < minimum:
        bought = allowed.bought_interval_seconds
        faster = f", or buy faster checks (from {bought} s)" if not plan.faster_checks and bought < minimum else ""
        yield Finding(
            "edge.monitor.interval",
            f"The shortest check interval of the plan {plan.tier.value} is {minimum} s, not {plan.interval} s.",
            "Cloudflare would refuse the monitor, or bill faster checks.",
            f"Set it to {minimum}{faster}, or move the zone to a larger plan.",
        )


def _counts(plan: EdgePlan) -> Iterator[Finding]:
    allowed = limits(plan.tier)
    for what, setting, count, limit in (
        ("origins", "nodes", plan.origins, allowed.endpoints),
        ("pools", "regions", plan.pools, allowed.pools),
        ("load balancers", "edge.hosts", len(plan.hosts), allowed.load_balancers),
    ):
        if limit is not None and count > limit:
            yield Finding(
                setting,
                f"The plan {plan.tier.value} allows {limit} {what}; there are {count}.",
                "Cloudflare would refuse the ones above the limit, and the edge would be half made.",
                f"Have at most {limit}, or ask Cloudflare for a contract.",
            )


def _check_regions(plan: EdgePlan) -> Iterator[Finding]:
    limit = limits(plan.tier).check_regions
    if not 1 <= plan.check_regions <= limit:
        yield Finding(
            "edge.monitor.checkRegions",
            f"A pool is checked from 1 to {limit} regions on the plan {plan.tier.value}, not {plan.check_regions}.",
            "None would mean every data centre (Enterprise only); too many would be refused.",
            "List one region that is near the servers, or an odd few: the majority decides.",
        )
