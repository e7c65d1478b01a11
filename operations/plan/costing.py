"""From settings to the monthly cost, and from the cost to the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from operations.cost import (
    CostInputs,
    CostReport,
    Fee,
    LoadBalancing,
    RegionNodes,
    decimal,
    monthly_cost,
)
from regions.traffic import steering_of
from settings.edge import ROUTE_53_INTERVAL
from settings.loader import Project
from settings.platform import Platform, SiteLine
from settings.prices import Prices
from settings.problems import Problem
from settings.project import PROJECT_FILE
from settings.stacks import SiteStack


def report(project: Project) -> CostReport:
    """What the project costs a month."""
    platform, prices = project.platform, project.platform.prices
    return monthly_cost(
        CostInputs(
            nodes=[nodes for line in platform.sites for nodes in _nodes(project, line, prices)],
            primary=platform.authority.primary,
            usd_to_eur=decimal(prices.usd_to_eur),
            budget=decimal(platform.budget),
            load_balancing=_load_balancing(platform) if _balanced(platform, "cloudflare") else None,
            fees=list(_fees(platform)),
        )
    )


def problems(project: Project) -> list[Problem]:
    """A product without a price, and a sum above the budget."""
    unpriced = sorted(
        (name, node, settings.product)
        for name, stack in project.stacks.items()
        if isinstance(stack, SiteStack)
        for node, settings in stack.nodes.items()
        if settings.product not in project.platform.prices.products
    )
    if unpriced:
        return [
            Problem(
                f"Pulumi.{name}.yaml",
                f"openova:nodes.{node}.product",
                f"The product {product!r} has no price in openova:prices.products.",
                "The cost would be told too low, and the budget would not hold.",
                f"Add its monthly price in EUR to openova:prices.products of {PROJECT_FILE}.",
            )
            for name, node, product in unpriced
        ]
    cost = report(project)
    if not cost.over_budget:
        return []
    largest = max(cost.lines, key=lambda line: line.total)
    balanced = _balanced(project.platform, "cloudflare")
    return [
        Problem(
            PROJECT_FILE,
            "openova:budget",
            f"The platform costs EUR {cost.total} a month; the budget is EUR {cost.budget}.",
            "Money would be spent that nobody has agreed to.",
            f"Raise the budget, or save: the largest line is {largest.item} with EUR {largest.total}."
            + (" edge.mode: tunnel needs no load balancing." if balanced else ""),
        )
    ]


def document(cost: CostReport) -> dict[str, Any]:
    """The cost as JSON values; amounts are texts with two decimals, in EUR."""
    return {
        "currency": "EUR",
        "lines": [
            {
                "item": line.item,
                "quantity": float(line.quantity),
                "unitPrice": f"{line.unit_price:.2f}",
                "total": f"{line.total:.2f}",
                "note": line.note,
            }
            for line in cost.lines
        ],
        "total": f"{cost.total:.2f}",
        "budget": f"{cost.budget:.2f}",
        "singleRegion": f"{cost.single_region_total:.2f}",
        "overBudget": cost.over_budget,
    }


def _nodes(project: Project, line: SiteLine, prices: Prices) -> Iterator[RegionNodes]:
    stack = project.stacks[line.code]
    if not isinstance(stack, SiteStack):
        return
    for product, count in sorted(Counter(node.product for node in stack.nodes.values()).items()):
        yield RegionNodes(
            region=line.code,
            product=product,
            count=count,
            price=decimal(prices.products[product]),
            location_fee=decimal(prices.location_fees.get(line.location, 0)),
        )


def _balanced(platform: Platform, provider: str) -> bool:
    return platform.edge.mode == "load-balancer" and platform.edge.provider == provider


def _load_balancing(platform: Platform) -> LoadBalancing:
    prices, monitor = platform.prices, platform.edge.monitor
    return LoadBalancing(
        origins=sum(len(line.nodes) for line in platform.regions),
        geo_steering=steering_of(platform).policy != "off",
        faster_checks=monitor.faster_checks,
        check_regions=len(monitor.check_regions),
        base=decimal(prices.load_balancing_usd),
        included_origins=prices.included_origins,
        extra_origin=decimal(prices.extra_origin_usd),
        geo_steering_price=decimal(prices.geo_steering_usd),
        faster_checks_price=decimal(prices.faster_checks_usd),
        extra_check_regions_price=decimal(prices.extra_check_regions_usd),
    )


def _fees(platform: Platform) -> Iterator[Fee]:
    prices = platform.prices
    if platform.edge.provider == "route53":
        yield from _route53(platform)
    elif platform.edge.certificate == "advanced":
        yield Fee(item="Advanced certificate", price=decimal(prices.advanced_certificate_usd), note="one zone")
    if len(platform.regions) > 1:
        yield Fee(item="Traffic between regions", price=decimal(prices.traffic_usd))


def _route53(platform: Platform) -> Iterator[Fee]:
    """Queries are not a line: 0.40 to 0.70 USD a million. Ten alarms of CloudWatch are free; the eleventh is a dime."""
    prices, nodes = platform.prices, sum(len(line.nodes) for line in platform.regions)
    yield Fee(item="Route 53: hosted zone", price=decimal(prices.route53_zone_usd))
    if platform.edge.mode != "load-balancer":
        return
    options = 2 if platform.edge.check_interval < ROUTE_53_INTERVAL else 1
    each = decimal(prices.route53_check_usd) + options * decimal(prices.route53_check_option_usd)
    fast = " every 10 s" if options == 2 else ""
    yield Fee(item="Route 53: check of a node", price=each, quantity=decimal(nodes), note=f"HTTPS{fast}, outside AWS")
    regions = decimal(len(platform.regions))
    yield Fee(item="Route 53: check of a region", price=decimal(prices.route53_region_check_usd), quantity=regions)
