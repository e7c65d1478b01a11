from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from settings.base import Settings, camel
from settings.problems import Problem, SettingsError, broken, key_path, problems_of


class Inner(Settings):
    few_words: tuple[str, ...] = Field(default=("a",), min_length=1)
    size: int = 1


class Outer(Settings):
    inner: Inner


def found(given: object) -> list[Problem]:
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(given)
    return problems_of(error.value, "file.yaml", ["openova:"])


def test_a_problem_is_told_in_four_lines() -> None:
    problem = Problem("file.yaml", "openova:a", "Not so.", "It breaks.", "Mend it.")
    assert str(problem).splitlines() == [
        "file.yaml: openova:a",
        "  Rule: Not so.",
        "  Otherwise: It breaks.",
        "  Fix: Mend it.",
    ]


def test_problems_are_told_sorted_counted_and_once() -> None:
    first, second = (Problem("file.yaml", key, "r", "c", "f") for key in ("a", "b"))
    error = SettingsError([second, first, second])
    assert error.problems == (first, second)
    assert str(error).startswith("2 problems in the configuration; nothing was changed.")
    assert str(SettingsError([first])).startswith("1 problem in")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("regions", 1, "networks", "pods"), "openova:regions[1].networks.pods"),
        (("latency", 0, "rtt", "eu", 1), "openova:latency[0].rtt.eu[1]"),
        (("phase",), "openova:phase"),
        ((), "openova:"),
    ],
)
def test_a_key_is_written_as_it_stands_in_the_file(location: tuple[object, ...], path: str) -> None:
    assert key_path(location, ["openova:"]) == path


def test_a_key_is_told_in_the_spelling_of_the_file() -> None:
    assert [problem.key for problem in found({"inner": {"fewWords": 3}})] == ["openova:inner.fewWords"]
    assert [problem.key for problem in found({"inner": {"few_words": ["a"]}})] == ["openova:inner.few_words"]


def test_a_missing_setting_is_named() -> None:
    (problem,) = found({})
    assert problem.rule == "'inner' is required."


def test_an_unknown_setting_is_named() -> None:
    (problem,) = found({"inner": {"sise": 2}})
    assert (problem.key, problem.rule) == ("openova:inner.sise", "'sise' is not a setting here.")


def test_a_list_whose_items_are_wrong_is_not_also_too_short() -> None:
    assert [problem.key for problem in found({"inner": {"fewWords": [3]}})] == ["openova:inner.fewWords[0]"]
    assert [problem.key for problem in found({"inner": {"fewWords": []}})] == ["openova:inner.fewWords"]


def test_a_long_value_is_told_shortened() -> None:
    (problem,) = found({"inner": {"size": "x" * 500}})
    assert "xxx..." in problem.rule
    assert len(problem.rule) < 200


def test_what_a_validator_says_reaches_the_reader() -> None:
    context = broken("Rule {with} braces.", "Consequence.", "Fix.").context
    assert context == {"rule": "Rule {with} braces.", "consequence": "Consequence.", "fix": "Fix."}


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=4))
def test_names_in_code_and_in_files_correspond(words: list[str]) -> None:
    spelt = camel("_".join(words))
    assert "_" not in spelt
    assert spelt.lower() == "".join(words)
