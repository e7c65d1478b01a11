"""The record and the statements, as they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from operations.epoch import EpochRecord, Statement
from operations.epoch.record import text_of
from tests.operations.epoch.records import AT, record, statement


def test_the_record_is_spelt_as_in_the_configuration() -> None:
    assert json.loads(text_of(record(2, "in", claimed_by="a person"))) == {
        "form": 1,
        "epoch": 2,
        "primary": "in",
        "previous": "eu",
        "change": "switchover",
        "claimedBy": "a person",
        "at": "2027-01-01T03:00:00Z",
    }


def test_both_come_back_as_they_were() -> None:
    assert EpochRecord.model_validate_json(text_of(record())) == record()
    assert Statement.model_validate_json(text_of(statement())) == statement()


def test_a_field_of_a_later_version_is_passed_over_and_a_later_form_is_refused() -> None:
    written = json.loads(text_of(record()))
    assert EpochRecord.model_validate(written | {"lease": 30}) == record()
    with pytest.raises(ValidationError):
        EpochRecord.model_validate(written | {"form": 2})


@pytest.mark.parametrize(
    "broken",
    [
        {"epoch": 1, "primary": "eu", "previous": "in"},
        {"epoch": 2, "primary": "eu"},
        {"epoch": 2, "primary": "eu", "previous": "in"},
        {"epoch": 2, "primary": "eu", "previous": "eu", "change": "failover"},
        {"epoch": 0, "primary": "eu"},
        {"epoch": 1, "primary": ""},
    ],
)
def test_half_a_record_is_none(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EpochRecord(at=AT, **broken)


@pytest.mark.parametrize(
    ("new", "old", "allowed"),
    [
        (record(2, "in"), record(1, "eu"), True),
        (record(3, "eu"), record(1, "eu"), True),
        (record(2, "in", change="failover"), record(2, "in"), True),
        (record(2, "in"), record(2, "eu"), False),
        (record(1, "eu"), record(2, "in"), False),
    ],
)
def test_an_epoch_never_falls_and_has_one_primary(new: EpochRecord, old: EpochRecord, allowed: bool) -> None:
    assert new.replaces(old) is allowed
