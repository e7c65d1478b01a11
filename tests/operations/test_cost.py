from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.cost import (
    CostInputs,
    CostReport,
    Fee,
    LoadBalancing,
    ObjectStorage,
    RegionNodes,
    decimal,
    monthly_cost,
    to_cents,
)

RATE = Decimal("0.87")
EUROPE = RegionNodes(region="eu", product="VPS 10", count=3, price=Decimal("4.50"))
INDIA = RegionNodes(region="in", product="VPS 10", count=3, price=Decimal("4.50"))
TRAFFIC = Fee(item="Traffic between the regions", price=Decimal(10))
SIX_ORIGINS = LoadBalancing(origins=6, geo_steering=True)
AS_THE_DECISION_ASSUMES = LoadBalancing(origins=6, geo_steering=False, included_origins=6)


def cost(
    *nodes: RegionNodes,
    load_balancing: LoadBalancing | None = None,
    storage: ObjectStorage | None = None,
    fees: tuple[Fee, ...] = (),
    budget: str = "50",
) -> CostReport:
    return monthly_cost(
        CostInputs(
            nodes=nodes,
            primary="eu",
            usd_to_eur=RATE,
            budget=Decimal(budget),
            load_balancing=load_balancing,
            storage=storage,
            fees=fees,
        )
    )


def dollars(used: LoadBalancing) -> Decimal:
    report = monthly_cost(
        CostInputs(nodes=(), primary="eu", usd_to_eur=Decimal(1), budget=Decimal(0), load_balancing=used)
    )
    return report.total


def test_one_region_costs_what_the_decision_says() -> None:
    report = cost(EUROPE)
    assert report.total == report.single_region_total == Decimal("13.50")


def test_two_regions_cost_about_forty_euros_under_the_decisions_own_assumptions() -> None:
    report = cost(EUROPE, INDIA, load_balancing=AS_THE_DECISION_ASSUMES, fees=(TRAFFIC,))
    assert [line.total for line in report.lines] == [
        Decimal("13.50"), Decimal("13.50"), Decimal("4.35"), Decimal("8.70"),
    ]  # fmt: skip
    assert report.total == Decimal("40.05")
    assert report.single_region_total == Decimal("13.50")


def test_six_origins_with_geo_steering_cost_thirty_five_dollars() -> None:
    assert dollars(SIX_ORIGINS) == 35


def test_faster_checks_from_more_regions_cost_more() -> None:
    assert dollars(LoadBalancing(origins=6, geo_steering=True, faster_checks=True)) == 50
    assert dollars(
        LoadBalancing(
            origins=6,
            geo_steering=True,
            faster_checks=True,
            check_regions=4,
            extra_check_regions_price=Decimal(10),
        )
    ) == 60  # fmt: skip


def test_one_origin_a_region_fits_the_base_price() -> None:
    assert dollars(LoadBalancing(origins=2, geo_steering=False)) == 5


def test_the_honest_sum_is_above_the_decisions() -> None:
    report = cost(EUROPE, INDIA, load_balancing=SIX_ORIGINS, fees=(TRAFFIC,))
    assert report.total == Decimal("66.15")
    assert report.over_budget


@pytest.mark.parametrize(("budget", "over"), [("40.04", True), ("40.05", False), ("40.06", False)])
def test_a_sum_equal_to_the_budget_is_within_it(budget: str, over: bool) -> None:
    report = cost(EUROPE, INDIA, load_balancing=AS_THE_DECISION_ASSUMES, fees=(TRAFFIC,), budget=budget)
    assert report.over_budget is over


def test_a_location_fee_is_a_line_for_each_server() -> None:
    report = cost(
        EUROPE, RegionNodes(region="in", product="VPS 10", count=3, price=Decimal("4.50"), location_fee=Decimal("1.95"))
    )
    (fee,) = (line for line in report.lines if line.item.startswith("Location fee"))
    assert (fee.quantity, fee.total) == (Decimal(3), Decimal("5.85"))
    assert report.single_region_total == Decimal("13.50")


def test_two_products_in_one_region_both_count() -> None:
    report = cost(EUROPE, EUROPE)
    assert report.total == report.single_region_total == Decimal("27.00")


def test_storage_is_free_up_to_ten_gigabytes() -> None:
    assert cost(storage=ObjectStorage(gigabytes=Decimal(10), writes=1_000_000, reads=10_000_000)).lines == ()
    (line,) = cost(storage=ObjectStorage(gigabytes=Decimal(110))).lines
    assert (line.quantity, line.total) == (Decimal(100), Decimal("1.31"))


def test_writes_and_reads_above_the_free_ones_are_paid_by_the_million() -> None:
    report = cost(storage=ObjectStorage(gigabytes=Decimal(0), writes=3_000_000, reads=20_000_000))
    assert [line.total for line in report.lines] == [Decimal("7.83"), Decimal("3.13")]


@pytest.mark.parametrize(("queries", "blocks"), [(0, 0), (500_000, 0), (500_001, 1), (1_000_000, 1), (1_500_001, 3)])
def test_dns_queries_are_paid_by_begun_blocks_after_the_first(queries: int, blocks: int) -> None:
    extra = dollars(LoadBalancing(origins=2, geo_steering=False, dns_queries=queries)) - 5
    assert extra == blocks * Decimal("0.50")


def test_lines_name_the_price_in_dollars() -> None:
    report = cost(load_balancing=SIX_ORIGINS)
    assert [line.note for line in report.lines] == ["5 USD; with 2 origins", "5 USD; 6 in all", "10 USD"]


def test_half_a_cent_is_rounded_up() -> None:
    assert to_cents(Decimal("0.005")) == Decimal("0.01")
    assert to_cents(Decimal("2.675")) == Decimal("2.68")


def test_a_price_is_taken_as_it_is_written() -> None:
    assert decimal(0.1) * 3 == Decimal("0.3")
    assert decimal("4.50") == Decimal("4.5")


PRICES = st.decimals(0, 100, places=2)


@given(st.lists(st.tuples(st.integers(1, 9), PRICES, PRICES), max_size=4), st.lists(PRICES, max_size=4))
def test_the_total_is_the_sum_of_the_lines_that_are_shown(
    nodes: list[tuple[int, Decimal, Decimal]], fees: list[Decimal]
) -> None:
    report = cost(
        *(
            RegionNodes(region="eu", product=f"p{number}", count=count, price=price, location_fee=fee)
            for number, (count, price, fee) in enumerate(nodes)
        ),
        fees=tuple(Fee(item=f"f{number}", price=price) for number, price in enumerate(fees)),
    )
    assert report.total == sum((line.total for line in report.lines), Decimal(0))
    assert all(line.total == to_cents(line.quantity * line.unit_price) for line in report.lines)
    assert report.single_region_total <= report.total


@given(st.integers(0, 30), st.booleans(), st.booleans(), st.integers(1, 13))
def test_using_more_never_costs_less(origins: int, geo: bool, faster: bool, regions: int) -> None:
    now = dollars(LoadBalancing(origins=origins, geo_steering=geo, faster_checks=faster, check_regions=regions))
    more = dollars(LoadBalancing(origins=origins + 1, geo_steering=True, faster_checks=True, check_regions=regions + 1))
    assert more >= now
