"""The monthly cost, line by line, in EUR. Pure arithmetic on `Decimal`.

Prices are inputs. Where the defaults are from:

- Cloudflare Load Balancing: Cloudflare publishes no price list (cloudflare-docs issue 33527, September 2026);
  the account's dashboard shows it. What public projects wrote down of it agrees on the parts: 5 USD
  with two origins, 5 USD for each further origin, 10 USD for geo or latency steering, 15 USD for checks
  every 15 s, 15 USD for checks from eight regions, 0.50 USD for each 500,000 DNS queries after the first
  500,000 (READMEs of privaterelay.technology and project-planton). All of it is an assumption until you
  have compared it with your own dashboard; hence each part is an input.
- R2: developers.cloudflare.com/r2/pricing (standard storage): 10 GB, a million writes and ten million reads are
  free each month; above that 0.015 USD a GB, 4.50 and 0.36 USD a million. Traffic out is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
_MILLION: Final = Decimal(1_000_000)
_QUERY_BLOCK: Final = 500_000


def decimal(value: float | str | Decimal) -> Decimal:
    """A price as it is written: 4.5 is 4.50 and not its nearest binary fraction."""
    return Decimal(str(value))


def to_cents(amount: Decimal) -> Decimal:
    """Rounded to cents, half a cent up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, kw_only=True)
class RegionNodes:
    """The servers of one region of one product. Prices in EUR a server and month."""

    region: str
    product: str
    count: int
    price: Decimal
    location_fee: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class LoadBalancing:
    """What is used of Cloudflare Load Balancing, and its prices in USD a month (see the module)."""

    origins: int
    geo_steering: bool
    faster_checks: bool = False
    check_regions: int = 1
    dns_queries: int = 0
    base: Decimal = Decimal(5)
    included_origins: int = 2
    extra_origin: Decimal = Decimal(5)
    geo_steering_price: Decimal = Decimal(10)
    faster_checks_price: Decimal = Decimal(15)
    included_check_regions: int = 1
    extra_check_regions_price: Decimal = Decimal(15)
    query_block_price: Decimal = Decimal("0.50")


@dataclass(frozen=True, kw_only=True)
class ObjectStorage:
    """An estimate of what R2 holds (GB) and does a month (writes and reads), and its prices in USD."""

    gigabytes: Decimal
    writes: int = 0
    reads: int = 0
    free_gigabytes: Decimal = Decimal(10)
    free_writes: int = 1_000_000
    free_reads: int = 10_000_000
    gigabyte_price: Decimal = Decimal("0.015")
    million_writes_price: Decimal = Decimal("4.50")
    million_reads_price: Decimal = Decimal("0.36")


@dataclass(frozen=True, kw_only=True)
class Fee:
    """Anything else that costs `price` USD a month apiece: traffic, certificates, the zone's plan."""

    item: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class CostInputs:
    """Everything that costs money. `usd_to_eur` is the price of a dollar in euros; `budget` is in EUR.

    `primary` is the region that phase `single` would keep.
    """

    nodes: Sequence[RegionNodes]
    primary: str
    usd_to_eur: Decimal
    budget: Decimal
    load_balancing: LoadBalancing | None = None
    storage: ObjectStorage | None = None
    fees: Sequence[Fee] = field(default_factory=tuple)


@dataclass(frozen=True)
class CostLine:
    """`quantity` times `unit_price` (EUR, not rounded) is `total` (EUR, rounded to cents)."""

    item: str
    quantity: Decimal
    unit_price: Decimal
    total: Decimal
    note: str = ""


@dataclass(frozen=True)
class CostReport:
    """The lines and their sum, in EUR. `single_region_total` is the primary region's servers alone."""

    lines: tuple[CostLine, ...]
    total: Decimal
    budget: Decimal
    single_region_total: Decimal

    @property
    def over_budget(self) -> bool:
        """True where the sum is above the budget; equal is within."""
        return self.total > self.budget


def monthly_cost(inputs: CostInputs) -> CostReport:
    """The monthly cost by line. A line that would come to nothing is left out."""
    lines = [line for nodes in inputs.nodes for line in _nodes(nodes)]
    rate = inputs.usd_to_eur
    if inputs.load_balancing is not None:
        lines += _load_balancing(inputs.load_balancing, rate)
    if inputs.storage is not None:
        lines += _storage(inputs.storage, rate)
    lines += [_line(fee.item, fee.quantity, fee.price * rate, _usd(fee.price, fee.note)) for fee in inputs.fees]
    single = [line for nodes in inputs.nodes if nodes.region == inputs.primary for line in _nodes(nodes)]
    return CostReport(
        lines=tuple(line for line in lines if line.total),
        total=_sum(lines),
        budget=to_cents(inputs.budget),
        single_region_total=_sum(single),
    )


def _sum(lines: Sequence[CostLine]) -> Decimal:
    return to_cents(sum((line.total for line in lines), Decimal(0)))


def _line(item: str, quantity: Decimal | int, unit_price: Decimal, note: str = "") -> CostLine:
    amount = Decimal(quantity)
    return CostLine(item, amount, unit_price, to_cents(amount * unit_price), note)


def _usd(price: Decimal, note: str = "") -> str:
    return f"{price} USD{f'; {note}' if note else ''}"


def _nodes(nodes: RegionNodes) -> list[CostLine]:
    return [
        _line(f"{nodes.product} ({nodes.region})", nodes.count, nodes.price),
        _line(f"Location fee ({nodes.region})", nodes.count, nodes.location_fee),
    ]


def _load_balancing(used: LoadBalancing, rate: Decimal) -> list[CostLine]:
    extra_origins = max(0, used.origins - used.included_origins)
    extra_regions = used.check_regions > used.included_check_regions
    parts = [
        ("Load balancing", 1, used.base, f"with {used.included_origins} origins"),
        ("Load balancing: further origins", extra_origins, used.extra_origin, f"{used.origins} in all"),
        ("Load balancing: geo steering", int(used.geo_steering), used.geo_steering_price, ""),
        ("Load balancing: faster checks", int(used.faster_checks), used.faster_checks_price, ""),
        (
            "Load balancing: further check regions",
            int(extra_regions),
            used.extra_check_regions_price,
            f"checked from {used.check_regions} regions",
        ),
        ("Load balancing: DNS queries", _query_blocks(used.dns_queries), used.query_block_price, "each 500,000"),
    ]
    return [_line(item, count, price * rate, _usd(price, note)) for item, count, price, note in parts]


def _query_blocks(queries: int) -> int:
    """Paid blocks of 500,000 queries, the begun one included; the first block is free."""
    return max(0, -(-queries // _QUERY_BLOCK) - 1)


def _storage(used: ObjectStorage, rate: Decimal) -> list[CostLine]:
    gigabytes = max(Decimal(0), used.gigabytes - used.free_gigabytes)
    writes = max(0, used.writes - used.free_writes) / _MILLION
    reads = max(0, used.reads - used.free_reads) / _MILLION
    parts = [
        ("Object storage: GB", gigabytes, used.gigabyte_price),
        ("Object storage: million writes", writes, used.million_writes_price),
        ("Object storage: million reads", reads, used.million_reads_price),
    ]
    return [_line(item, quantity, price * rate, _usd(price)) for item, quantity, price in parts]
