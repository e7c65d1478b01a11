"""The guard's settings: each mistake is planted alone and must be found alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.plan.check import checked
from settings.project import read_project
from tests.projects import GUARDED, SHARED, copy_project, only_problem, problems, remove, share


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copied = copy_project(tmp_path)
    share(copied, "guard", GUARDED)
    return copied


def test_a_digest_and_an_account_are_enough(root: Path) -> None:
    assert problems(root) == ()
    guard = checked(read_project(root)).platform.guard
    assert (guard.isolation, guard.ttl) == ("fence", 20)


def test_a_guard_that_is_on_has_an_image_by_digest(root: Path) -> None:
    share(root, "guard", {"accountId": "0" * 32})
    problem = only_problem(root, SHARED, "openova:guard.image")
    assert "enabled: false" in problem.fix
    share(root, "guard", GUARDED | {"image": "ghcr.io/example/openova-guard:1.0"})
    only_problem(root, SHARED, "openova:guard.image")


def test_a_configuration_that_does_not_speak_of_the_guard_is_asked_for_its_image(root: Path) -> None:
    remove(root / SHARED, "config.guard")
    assert {problem.key for problem in problems(root)} == {"openova:guard.image", "openova:guard.accountId"}


def test_the_bucket_has_an_account_or_is_of_another_store(root: Path) -> None:
    share(root, "guard", {"image": GUARDED["image"]})
    only_problem(root, SHARED, "openova:guard.accountId")
    share(root, "guard", {"image": GUARDED["image"], "endpoint": "https://s3.example"})
    assert problems(root) == ()


def test_the_bucket_is_not_that_of_the_backups(root: Path) -> None:
    share(root, "guard", GUARDED | {"bucket": {"name": "openova-backups"}})
    only_problem(root, SHARED, "openova:guard.bucket.name")


@pytest.mark.parametrize(("key", "value"), [("ttl", 5), ("ttl", 301), ("margin", 0), ("isolation", "hope")])
def test_times_have_limits_and_isolation_two_words(root: Path, key: str, value: object) -> None:
    share(root, "guard", GUARDED | {key: value})
    only_problem(root, SHARED, f"openova:guard.{key}")


def test_turned_off_nothing_is_asked_of_it(root: Path) -> None:
    share(root, "guard", {"enabled": False})
    assert problems(root) == ()
    assert not checked(read_project(root)).platform.guarded


@pytest.mark.parametrize("phase", ["single", "active-active"])
def test_only_a_phase_with_one_writer_among_several_regions_has_guards(root: Path, phase: str) -> None:
    share(root, "guard", GUARDED)
    platform = checked(read_project(root)).platform
    assert platform.guarded
    assert not platform.model_copy(update={"phase": phase}).guarded
