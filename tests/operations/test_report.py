"""The drawn plan: complete, deterministic, harmless, readable by everyone, and honest about who is where."""

from __future__ import annotations

import copy
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.report import curve, model, render, tables, tree, world_map
from operations.report.geography import Padding, Point, fit
from operations.report.placement import spread

HERE = Path(__file__).parent
REPORT = Path(world_map.__file__).parent
SCHEMA = json.loads((REPORT / "schema.json").read_text())
SAMPLE: dict[str, Any] = json.loads((HERE / "plan_sample.json").read_text())
VOID = {"meta", "br", "link", "input", "img"}
WORLD = [
    ("us", 38.6, -90.2), ("jp", 35.7, 139.7), ("sg", 1.35, 103.8), ("uk", 50.8, -1.1), ("au", -33.9, 151.2),
    ("br", -23.5, -46.6), ("uw", 47.6, -122.3), ("ue", 40.7, -74.0), ("fr", 49.0, 8.2), ("za", -26.2, 28.0),
    ("ae", 25.2, 55.3), ("fi", 60.2, 24.9), ("nl", 52.4, 4.9), ("it", 45.5, 9.2), ("kr", 37.6, 127.0),
    ("hk", 22.3, 114.2), ("ca", 43.7, -79.4), ("mx", 20.6, -100.4),
]  # fmt: skip


def plan_of(regions: int) -> dict[str, Any]:
    """The sample with so many regions: Europe alone, or more of them around the world."""
    plan = copy.deepcopy(SAMPLE)
    if regions == 1:
        plan.update(phase="single", regions=plan["regions"][:1], steering=None, quorum=[], flows=[])
    for code, latitude, longitude in WORLD[: max(regions - 2, 0)]:
        added = {**copy.deepcopy(plan["regions"][1]), "code": code, "name": code}
        plan["regions"].append({**added, "latitude": latitude, "longitude": longitude})
        plan["quorum"].append({**plan["quorum"][1], "lost": code})
    return plan


class Page(HTMLParser):
    """Reads a page as strictly as XML: refuses a tag that is not closed, collects tags and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def count(self, tag: str) -> int:
        return sum(1 for name, _ in self.tags if name == tag)


def test_the_sample_follows_the_documented_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(SAMPLE)


def test_the_sample_agrees_with_itself() -> None:
    cost = SAMPLE["cost"]
    assert sum(Decimal(line["total"]) for line in cost["lines"]) == Decimal(cost["total"])
    stacks = {stack["name"]: stack for stack in SAMPLE["stacks"]}
    for stack in stacks.values():
        assert stack["resourceCount"] == len(stack["resources"]) == sum(stack["types"].values())
    for flow in SAMPLE["flows"]:
        source, target = stacks[flow["from"]["stack"]], stacks[flow["to"]["stack"]]
        assert flow["from"]["output"] in [output["name"] for output in source["outputs"]]
        assert flow["to"]["resource"] in [resource["name"] for resource in target["resources"]]
        assert source["name"] in target["references"]


def test_the_reader_and_the_schema_know_the_same_fields() -> None:
    def properties(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from part.get("properties", {})
            for value in part.values():
                yield from properties(value)

    read = {field.alias for part in model.Part.__subclasses__() for field in part.model_fields.values()}
    assert set(properties(SCHEMA)) == read


def optional_paths() -> list[tuple[str | int, ...]]:
    """Every field of the sample that may be null by the schema, the first of each list standing for all."""

    def walk(part: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        for key, value in part.items() if isinstance(part, dict) else list(enumerate(part))[:1]:
            yield (*path, key)
            if isinstance(value, dict | list):
                yield from walk(value, (*path, key))

    def nulled(path: tuple[str | int, ...], remove: bool = False) -> dict[str, Any]:
        plan = copy.deepcopy(SAMPLE)
        part: Any = plan
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = None
        return plan

    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [path for path in walk(SAMPLE, ()) if isinstance(path[-1], str) and validator.is_valid(nulled(path))]


@pytest.mark.parametrize("path", optional_paths(), ids=lambda path: ".".join(map(str, path)))
def test_an_optional_field_may_be_null_or_absent_and_the_page_is_the_same(path: tuple[str | int, ...]) -> None:
    null, absent = copy.deepcopy(SAMPLE), copy.deepcopy(SAMPLE)
    null_part: Any = null
    absent_part: Any = absent
    for key in path[:-1]:
        null_part, absent_part = null_part[key], absent_part[key]
    null_part[path[-1]] = None
    del absent_part[path[-1]]
    page = render(null)
    Page(page)
    assert render(absent) == page


def test_a_plan_of_another_schema_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="same version of `openova plan`"):
        render({**SAMPLE, "schema": 2})


@pytest.mark.parametrize("regions", [1, 2, 3, 8, 20])
def test_the_page_is_well_formed_and_reaches_for_nothing_outside(regions: int) -> None:
    text = render(plan_of(regions))
    page = Page(text)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        assert "src" not in attributes and tag not in ("link", "img", "iframe", "image")
        href = attributes.get("href")
        assert href is None or (href.startswith("#") and href[1:] in ids)
    assert not re.search(r"https?://|url\(|@import", text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("regions", [1, 2, 3, 8, 20])
def test_drawings_have_words_and_tables_have_captions(regions: int) -> None:
    page = Page(render(plan_of(regions)))
    assert page.count("table") == page.count("caption")
    ids = {attributes.get("id") for tag, attributes in page.tags if tag in ("title", "desc")}
    drawings = [attributes for tag, attributes in page.tags if tag == "svg" and attributes.get("role") == "img"]
    described = [attributes for attributes in drawings if "aria-label" not in attributes]
    assert described
    assert all(ids.issuperset((attributes.get("aria-labelledby") or "?").split()) for attributes in described)
    silent = [a for tag, a in page.tags if tag == "svg" and "role" not in a and "aria-hidden" not in a]
    assert all(attributes.get("x") for attributes in silent)  # a sign inside a hidden group of a drawing


def test_the_same_plan_gives_the_same_bytes_in_every_process() -> None:
    program = (
        "import json,sys,hashlib;from operations.report import render;"
        f"print(hashlib.sha256(render(json.load(open({str(HERE / 'plan_sample.json')!r}))).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_no_value_of_the_plan_becomes_markup() -> None:
    hostile = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    kept = {"code", "primary", "lost", "winner", "urn", "parent", "currency"}

    def poison(part: Any, key: str = "") -> Any:
        if isinstance(part, dict):
            return {name: poison(value, name) for name, value in part.items()}
        if isinstance(part, list):
            return [poison(value, key) for value in part]
        amount = isinstance(part, str) and re.fullmatch(r"[\d.]+", part)
        return f"{part}{hostile}" if isinstance(part, str) and key not in kept and not amount else part

    clean, poisoned = Page(render(SAMPLE)), Page(render(poison(SAMPLE)))
    assert poisoned.count("script") == clean.count("script") == 1
    assert poisoned.count("img") == 0
    assert not any(name.startswith("on") for _, attributes in poisoned.tags for name in attributes)
    assert hostile in "".join(poisoned.words)


def test_dangerous_warnings_stand_above_the_map_and_others_below() -> None:
    plan = copy.deepcopy(SAMPLE)
    plan["warnings"].append({"severity": "danger", "rule": "One writer only.", "consequence": "Two writers."})
    text = render(plan)
    assert text.index("Two writers.") < text.index('id="map"') < text.index("Universal SSL")
    assert "Danger" not in Page(render(SAMPLE)).words


def test_every_fact_of_the_sample_can_be_read() -> None:
    words = " ".join(Page(render(SAMPLE)).words)
    regions = [n for region in SAMPLE["regions"] for node in region["nodes"] for n in (node["name"], node["address"])]
    members = [member["host"] for region in SAMPLE["regions"] for member in region["mongodb"]["members"]]
    remedies = [warning["remedy"] for warning in SAMPLE["warnings"]]
    resources = [resource["name"] for stack in SAMPLE["stacks"] for resource in stack["resources"]]
    notes = [row[service]["note"] for row in SAMPLE["quorum"] for service in ("postgresql", "mongodb", "k3s")]
    for fact in (*regions, *members, *remedies, *resources, *notes, "68.57", "70.00", "50–80 ms", "read-replicas"):  # noqa: RUF001
        assert fact in words, fact


@pytest.mark.parametrize("regions", [1, 2, 3, 5, 8, 13, 20])
@pytest.mark.parametrize("sheet", [world_map.DESKTOP, world_map.PHONE], ids=["desktop", "phone"])
def test_no_words_on_the_map_cover_each_other_or_leave_it(regions: int, sheet: world_map.Sheet) -> None:
    scene = world_map.draw(model.read(plan_of(regions)), sheet)
    boxes = [plate.box for plate in scene.plates] + [person.label for person in scene.people if person.label]
    boxes += [callout.box for callout in scene.callouts]
    assert len(scene.plates) == regions
    for box in boxes:
        assert box.x >= 0 and box.y >= 0 and box.x + box.width <= scene.width and box.y + box.height <= scene.height
    for one, other in combinations(boxes, 2):
        assert one.overlap(other) <= 0.2 * min(one.width * one.height, other.width * other.height)


def test_users_of_a_lost_region_go_to_the_next_best_and_the_others_stay() -> None:
    plan = model.read(SAMPLE)
    scene = world_map.draw(plan, world_map.PHONE, ("eu",))
    assert {person.name: (person.winner, person.moved) for person in scene.people} == {
        "Western Europe": ("in", True),
        "Eastern Europe": ("in", True),
        "Middle East (UAE)": ("in", False),
        "India": ("in", False),
        "Southeast Asia": ("in", False),
    }
    assert [strand.kind for strand in scene.strands] == []


def test_a_witness_serves_nobody_even_when_all_others_are_lost() -> None:
    raw = plan_of(3)
    raw["regions"][2]["role"] = "witness"
    scene = world_map.draw(model.read(raw), world_map.PHONE, ("eu", "in"))
    assert {person.winner for person in scene.people} == {""}
    assert all(person.traffic is None for person in scene.people)


def test_the_wal_arrow_runs_from_the_primary_to_the_replica() -> None:
    for primary, replica in (("eu", "in"), ("in", "eu")):
        raw = copy.deepcopy(SAMPLE)
        raw["authority"]["primary"] = primary
        scene = world_map.draw(model.read(raw), world_map.DESKTOP)
        (wal,) = [strand for strand in scene.strands if strand.kind == "wal"]
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", wal.path)]
        at = {plate.marker.region.code: plate.marker.at for plate in scene.plates}
        for (x, y), code in (((numbers[0], numbers[1]), primary), ((numbers[4], numbers[5]), replica)):
            assert math.dist((x, y), (at[code].x, at[code].y)) < 30


places = st.lists(st.tuples(st.floats(-180, 180), st.floats(-50, 70)), min_size=1, max_size=20)


@given(places)
def test_every_place_lies_on_the_paper(found: list[tuple[float, float]]) -> None:
    window = fit(found, 1200, (430, 640), Padding(190, 190, 120, 90))
    for longitude, latitude in found:
        point = window.project(longitude, latitude)
        assert -0.5 <= point.x <= window.width + 0.5
        assert -0.5 <= point.y <= window.height + 0.5


def test_places_on_both_sides_of_the_date_line_stay_neighbours() -> None:
    window = fit([(179.0, 0.0), (-179.0, 5.0)], 1200, (430, 640), Padding(190, 190, 120, 90))
    east, west = window.project(179.0, 0.0), window.project(-179.0, 5.0)
    assert 0 < west.x - east.x < 100


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 500)), min_size=2, max_size=12))
def test_markers_that_would_cover_each_other_are_pushed_apart(found: list[tuple[float, float]]) -> None:
    moved = spread([Point(x, y) for x, y in found], [10.0] * len(found))
    assert all(math.dist((a.x, a.y), (b.x, b.y)) > 12 for a, b in combinations(moved, 2))


@given(st.tuples(*[st.floats(0, 900)] * 4), st.floats(-0.4, 0.4), st.floats(0.05, 0.45))
def test_a_piece_of_a_curve_lies_on_the_curve(ends: tuple[float, ...], bend: float, t: float) -> None:
    whole = curve.bent(Point(ends[0], ends[1]), Point(ends[2], ends[3]), bend)
    middle, same = whole.between(t, 1 - t).at(0.5), whole.at(0.5)
    assert math.dist((middle.x, middle.y), (same.x, same.y)) < 1e-6


def test_a_ring_of_parents_still_shows_every_resource_once() -> None:
    ring = [
        model.Resource.model_validate({"urn": urn, "type": "t", "name": urn, "parent": parent})
        for urn, parent in (("a", "b"), ("b", "a"), ("c", "nowhere"))
    ]
    grown = tree.branches(model.Stack(name="eu", resources=tuple(ring)))
    assert sorted(name for branch in grown for name in names_of(branch)) == ["a", "b", "c"]


def names_of(branch: tree.Branch) -> list[str]:
    return [branch.resource.name, *(name for child in branch.children for name in names_of(child))]


def test_the_budget_mark_and_the_cost_lines_share_one_scale() -> None:
    raw = copy.deepcopy(SAMPLE)
    raw["cost"].update(budget="34.285", overBudget=True)
    cost = model.read(raw).cost
    assert cost is not None
    bar = tables.cost_bar(cost)
    assert bar.budget_at == pytest.approx(50.0)
    assert sum(row.width for row in bar.rows) == pytest.approx(100.0)


def luminance(colour: str) -> float:
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_colours_of_words_reach_wcag_aa(scheme: str) -> None:
    css = (REPORT / "templates" / "page.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    tones = [f"c{k}" for k in range(8)]
    pairs = [(words, ground) for words in ("ink", "muted", *tones) for ground in ("ground", "panel", "sea")]
    pairs += [("good", "good-ground"), ("bad", "bad-ground"), ("caution", "caution-ground"), ("muted", "note-ground")]
    pairs += [("bad", "panel"), ("bad", "ground"), ("caution", "panel"), ("ink", "bad-ground")]
    pairs += [("on", name) for name in (*tones, "mongo", "bad")]
    for words, ground in pairs:
        one, other = sorted((luminance(colours[words]), luminance(colours[ground])))
        assert (other + 0.05) / (one + 0.05) >= 4.5, f"{words} on {ground}, {scheme}"
