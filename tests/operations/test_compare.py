from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.plan.compare import Change, Comparison, IncomparableError, compare

BUCKET: dict[str, Any] = {
    "urn": "urn:bucket",
    "type": "cloudflare:R2Bucket",
    "name": "backups",
    "parent": "urn:stack",
    "protect": True,
    "retainOnDelete": False,
    "inputs": {"location": "weur", "rules": [{"days": 14}]},
}
RECORD: dict[str, Any] = {
    **BUCKET,
    "urn": "urn:record",
    "type": "cloudflare:DnsRecord",
    "name": "api",
    "protect": False,
}


@pytest.fixture
def plan() -> dict[str, Any]:
    return {
        "schema": 1,
        "phase": "read-replicas",
        "authority": {"primary": "eu", "epoch": 1},
        "stacks": [{"name": "shared", "resources": [BUCKET, RECORD]}, {"name": "eu", "resources": [RECORD]}],
        "cost": {"total": "74.85"},
        "warnings": [
            {"severity": "warning", "where": "Pulumi.yaml a", "rule": "A."},
            {"severity": "notice", "where": "Pulumi.yaml b", "rule": "B."},
        ],
        "steering": {"locations": [{"name": "India", "winner": "in"}, {"name": "Western Europe", "winner": "eu"}]},
    }


@pytest.fixture
def later(plan: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(plan)


def test_a_plan_does_not_differ_from_itself(plan: dict[str, Any], later: dict[str, Any]) -> None:
    comparison = compare(plan, later)
    assert comparison.empty
    assert comparison.changes == ()


def test_a_resource_that_comes_is_added(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["stacks"][1]["resources"].append(BUCKET)
    assert compare(plan, later).changes == (Change("eu", "added", "cloudflare:R2Bucket", "backups", protected=True),)


def test_a_resource_that_goes_is_removed_and_dangerous_where_it_was_protected(
    plan: dict[str, Any], later: dict[str, Any]
) -> None:
    later["stacks"][0]["resources"] = []
    removed = compare(plan, later).changes
    assert [(change.kind, change.name, change.dangerous) for change in removed] == [
        ("removed", "api", False),
        ("removed", "backups", True),
    ]


def test_a_stack_that_goes_takes_its_resources_with_it(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["stacks"].pop()
    assert compare(plan, later).changes == (Change("eu", "removed", "cloudflare:DnsRecord", "api"),)


def test_the_same_urn_in_two_stacks_is_two_resources(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["stacks"][1]["resources"] = [{**RECORD, "inputs": {**BUCKET["inputs"], "location": "apac"}}]
    assert [change.stack for change in compare(plan, later).changes] == ["eu"]


def test_a_change_tells_the_paths_of_what_differs(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["stacks"][0]["resources"][0] = {
        **BUCKET,
        "protect": False,
        "parent": "urn:other",
        "inputs": {"location": "eeur", "rules": [{"days": 30}], "lock": {"mode": {"kind": "age"}}},
    }
    (change,) = compare(plan, later).changes
    assert change.kind == "changed"
    assert change.fields == ("parent", "protect", "location", "lock", "rules")


def test_a_nested_change_tells_its_whole_path(plan: dict[str, Any], later: dict[str, Any]) -> None:
    for document, days in ((plan, 1), (later, 2)):
        document["stacks"][0]["resources"][0] = {**BUCKET, "inputs": {"spec": {"backup": {"days": days, "keep": 3}}}}
    assert compare(plan, later).changes[0].fields == ("spec.backup.days",)


def test_what_is_changed_is_not_dangerous(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["stacks"][0]["resources"][0] = {**BUCKET, "inputs": {}}
    assert not compare(plan, later).changes[0].dangerous


def test_changes_are_sorted_by_stack_and_kind(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["stacks"][0]["resources"] = [{**BUCKET, "inputs": {}}, {**RECORD, "urn": "urn:new", "name": "new"}]
    later["stacks"][1]["resources"] = []
    assert [(change.stack, change.kind) for change in compare(plan, later).changes] == [
        ("eu", "removed"),
        ("shared", "added"),
        ("shared", "changed"),
        ("shared", "removed"),
    ]


def test_the_cost_is_compared_exactly(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["cost"]["total"] = "79.20"
    comparison = compare(plan, later)
    assert (comparison.cost_before, comparison.cost_after) == (Decimal("74.85"), Decimal("79.20"))
    assert not comparison.empty


def test_warnings_that_come_and_go_are_told_and_notices_are_not(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["warnings"] = [
        {"severity": "danger", "where": "Pulumi.yaml c", "rule": "C."},
        {"severity": "notice", "where": "Pulumi.yaml d", "rule": "D."},
    ]
    comparison = compare(plan, later)
    assert comparison.warnings_added == ("Pulumi.yaml c: C.",)
    assert comparison.warnings_removed == ("Pulumi.yaml a: A.",)


def test_a_change_of_authority_of_phase_and_of_the_nearest_region_is_told(
    plan: dict[str, Any], later: dict[str, Any]
) -> None:
    later["phase"] = "active-active"
    later["authority"] = {"primary": "in", "epoch": 2}
    later["steering"]["locations"][1]["winner"] = "in"
    later["steering"]["locations"].append({"name": "Brazil", "winner": "eu"})
    assert compare(plan, later).facts == (
        "phase: read-replicas -> active-active",
        "authority: {'primary': 'eu', 'epoch': 1} -> {'primary': 'in', 'epoch': 2}",
        "Western Europe: served by eu -> in",
    )


@pytest.mark.parametrize("schema", [None, 2, "1"])
def test_a_plan_of_another_schema_is_not_compared(plan: dict[str, Any], later: dict[str, Any], schema: object) -> None:
    plan["schema"] = schema
    with pytest.raises(IncomparableError, match="schema"):
        compare(plan, later)


@pytest.mark.parametrize("missing", ["stacks", "cost", "warnings", "steering"])
def test_a_plan_that_is_not_complete_is_not_compared(plan: dict[str, Any], later: dict[str, Any], missing: str) -> None:
    del plan[missing]
    with pytest.raises(IncomparableError, match="not complete"):
        compare(plan, later)
    with pytest.raises(IncomparableError):
        compare({**plan, missing: 3}, later)


def test_the_document_is_json_and_says_the_same(plan: dict[str, Any], later: dict[str, Any]) -> None:
    later["stacks"][0]["resources"] = [RECORD]
    later["cost"]["total"] = "1.00"
    assert json.loads(json.dumps(compare(plan, later).document())) == {
        "changes": [
            {
                "stack": "shared",
                "kind": "removed",
                "type": "cloudflare:R2Bucket",
                "name": "backups",
                "fields": [],
                "dangerous": True,
                "danger": "deleted",
                "because": "",
            }
        ],
        "cost": {"before": "74.85", "after": "1.00"},
        "warnings": {"added": [], "removed": []},
        "facts": [],
    }


VALUES = st.recursive(
    st.integers() | st.text(max_size=3) | st.none(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES), st.dictionaries(st.sampled_from("abc"), VALUES))
def test_inputs_differ_exactly_where_a_path_is_told(old: dict[str, Any], new: dict[str, Any]) -> None:
    def document(inputs: dict[str, Any]) -> dict[str, Any]:
        return {
            "schema": 1,
            "stacks": [{"name": "eu", "resources": [{**BUCKET, "inputs": inputs}]}],
            "cost": {"total": "0"},
            "warnings": [],
            "steering": {"locations": []},
        }

    forth: Comparison = compare(document(old), document(new))
    back = compare(document(new), document(old))
    assert [change.fields for change in forth.changes] == [change.fields for change in back.changes]
    assert forth.empty == (_without_nothing(old) == _without_nothing(new))


def _without_nothing(value: Any) -> Any:
    """An absent key and one of null are the same input."""
    if isinstance(value, dict):
        return {key: inner for key, item in value.items() if (inner := _without_nothing(item)) is not None}
    return value
