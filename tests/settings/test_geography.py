from __future__ import annotations

from settings import geography


def test_there_are_thirteen_load_balancing_regions() -> None:
    codes = "WNAM ENAM WEU EEU NSAM SSAM OC ME NAF SAF SAS SEAS NEAS"
    assert sorted(geography.REGION_CODES) == sorted(codes.split())
    assert set(geography.POPS_BY_REGION) == set(geography.COUNTRIES_BY_REGION) == geography.REGION_CODES


def test_the_data_centres_that_the_decision_names_are_where_it_says() -> None:
    europe = {geography.POP_REGIONS[pop] for pop in ("FRA", "AMS", "LHR", "CDG")}
    asia = {pop: geography.POP_REGIONS[pop] for pop in ("DXB", "BOM", "DEL", "SIN")}
    assert europe == {"WEU"}
    assert asia == {"DXB": "ME", "BOM": "SAS", "DEL": "SAS", "SIN": "SEAS"}


def test_every_data_centre_is_in_exactly_one_region() -> None:
    assert sum(map(len, geography.POPS_BY_REGION.values())) == len(geography.POP_CODES) == 340


def test_codes_have_their_standard_form() -> None:
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in geography.COUNTRY_CODES)
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in geography.POP_CODES)
    assert len(geography.COUNTRY_CODES) == 249


def test_the_union_has_27_members_and_none_of_its_neighbours() -> None:
    assert len(geography.EU_MEMBERS) == 27
    assert geography.EU_MEMBERS <= geography.COUNTRY_CODES
    assert not geography.EU_MEMBERS & {"CH", "GB", "IS", "LI", "NO"}


def test_every_country_of_a_region_is_a_country() -> None:
    for members in geography.COUNTRIES_BY_REGION.values():
        assert members <= geography.COUNTRY_CODES


def test_a_split_country_is_in_each_of_its_regions_and_an_unknown_one_in_none() -> None:
    expected = {"DE": {"EEU", "WEU"}, "US": {"ENAM", "WNAM"}, "IN": {"SAS"}, "AF": set[str]()}
    for country, areas in expected.items():
        assert {area for area, members in geography.COUNTRIES_BY_REGION.items() if country in members} == areas
