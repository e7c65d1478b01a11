"""The whole configuration: every mistake at once, and every valid layout."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.plan.check import checked
from settings.problems import SettingsError
from settings.project import read_project
from tests.projects import ROOT, SHARED, copy_project, edit, problems, remove, share, value

EU, IN, GLOBAL, COMMON = "Pulumi.eu.yaml", "Pulumi.in.yaml", "Pulumi.global.yaml", "Pulumi.shared.yaml"


@contextmanager
def copied() -> Iterator[Path]:
    """A copy for one example of a property: fixtures stay the same over all of them."""
    with tempfile.TemporaryDirectory() as folder:
        yield copy_project(Path(folder))


# Ten or more mistakes that do not touch each other: where each is planted, and where it is found.


def keep_mongodb_in_the_union(root: Path) -> None:
    share(root, "residency.mongodb", "eu")
    share(root, "backups.bucket.jurisdiction", "eu")


Mistake = tuple[Callable[[Path], None], tuple[str, str]]
MISTAKES: dict[str, Mistake] = {
    "unknown shared fact": (lambda root: share(root, "tenant", "a"), (SHARED, "openova:tenant")),
    "unknown nested name": (lambda root: share(root, "mesh", {"ports": 1}), (SHARED, "openova:mesh.ports")),
    "unknown primary": (lambda root: share(root, "authority.primary", "us"), (SHARED, "openova:authority.primary")),
    "overlapping pods": (
        lambda root: share(root, "regions.1.networks.pods", "10.42.0.0/16"),
        (SHARED, "openova:regions[1].networks.pods"),
    ),
    "same region name": (lambda root: share(root, "regions.1.name", "europe"), (SHARED, "openova:regions")),
    "even voters": (
        lambda root: share(root, "regions.1.mongodb.priorities", [5, 4, 3]),
        (SHARED, "openova:regions[*].mongodb.priorities"),
    ),
    "data out of the union": (
        keep_mongodb_in_the_union,
        (SHARED, "openova:residency.mongodb"),
    ),
    "generation ahead": (
        lambda root: share(root, "regions.1.postgres.generation", 7),
        (SHARED, "openova:regions[1].postgres.generation"),
    ),
    "short interval": (
        lambda root: share(root, "edge.monitor.interval", 15),
        (SHARED, "openova:edge.monitor.interval"),
    ),
    "all drained": (lambda root: share(root, "edge.drained", ["eu", "in"]), (SHARED, "openova:edge.drained")),
    "unknown region of a row": (
        lambda root: share(root, "latency.4.rtt.us", [1, 2]),
        (SHARED, "openova:latency[4].rtt"),
    ),
    "two servers": (
        lambda root: edit(root / EU, "config.openova:nodes.contabo-eu-3.role", "agent"),
        (EU, "openova:nodes[*].role"),
    ),
    "same address": (
        lambda root: edit(root / EU, "config.openova:nodes.contabo-eu-2.address", "203.0.113.11"),
        (EU, "openova:nodes.contabo-eu-2.address"),
    ),
    "override": (lambda root: edit(root / EU, "config.openova:phase", "single"), (EU, "openova:phase")),
    "wrong host key": (
        lambda root: edit(root / IN, "config.openova:nodes.contabo-in-1.hostKey", "ssh-rsa AAAA"),
        (IN, "openova:nodes.contabo-in-1.hostKey"),
    ),
    "old k3s": (
        lambda root: edit(root / IN, "config.openova:k3s.version", "v1.30.0+k3s1"),
        (IN, "openova:k3s.version"),
    ),
    "plain secret": (
        lambda root: edit(root / COMMON, "config.cloudflare:apiToken", "a"),
        (COMMON, "cloudflare:apiToken"),
    ),
    "missing secret": (lambda root: edit(root / GLOBAL, "encryptionsalt", "v1:a"), (GLOBAL, "cloudflare:apiToken")),
    "unknown name in a stack": (lambda root: edit(root / GLOBAL, "config.openova:a", 1), (GLOBAL, "openova:a")),
    "file without a line": (
        lambda root: edit(root / "Pulumi.sg.yaml", "config", _region_file("sg", nodes=1)),
        ("Pulumi.sg.yaml", "openova:code"),
    ),
}


def _region_file(code: str, *, nodes: int, third: int = 0) -> dict[str, Any]:
    """The configuration of a region's own file with invented addresses."""
    key = value(ROOT / EU, "config.openova:nodes.contabo-eu-1.hostKey")
    return {
        "openova:kind": "region",
        "openova:code": code,
        "openova:adminCidrs": ["192.0.2.0/24"],
        "openova:nodes": {
            f"any-{code}-{number}": {"address": f"198.18.{third}.{number}", "hostKey": key, "product": "VPS 10"}
            for number in range(1, nodes + 1)
        },
        "openova:databases": {"postgres": {"instances": nodes}},
    }


def plant(root: Path, name: str) -> None:
    """Plant one of the mistakes. A file that is new is made first."""
    act, (file, _) = MISTAKES[name]
    if not (root / file).exists():
        (root / file).write_text("{}\n")
    act(root)


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_alone_is_found_alone(tmp_path: Path, name: str) -> None:
    root = copy_project(tmp_path)
    plant(root, name)
    assert [(problem.file, problem.key) for problem in problems(root)] == [MISTAKES[name][1]]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(MISTAKES))))
def test_any_set_of_mistakes_gives_exactly_that_many_problems(names: set[str]) -> None:
    with copied() as root:
        for name in sorted(names):
            plant(root, name)
        found = problems(root)
        assert sorted((problem.file, problem.key) for problem in found) == sorted(MISTAKES[name][1] for name in names)
        assert all(problem.rule and problem.consequence and problem.fix for problem in found)


def test_ten_mistakes_in_five_files_are_told_at_once(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    for name in (
        "unknown shared fact",
        "overlapping pods",
        "even voters",
        "short interval",
        "two servers",
        "same address",
        "override",
        "plain secret",
        "missing secret",
    ):
        plant(root, name)
    edit(root / IN, "config.openova:databases.postgres.instances", 9)
    share(root, "budget", 40)
    remove(root / EU, "config.openova:phase")
    with pytest.raises(SettingsError) as error:
        checked(read_project(root))
    assert len(error.value.problems) == 10
    assert {problem.file for problem in error.value.problems} == {SHARED, EU, IN, COMMON, GLOBAL}
    assert str(error.value).startswith("10 problems in the configuration; nothing was changed.")


# Every layout that follows the rules.


@st.composite
def layouts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Two to six regions whose address blocks follow from their places in the list."""
    count = draw(st.integers(2, 6))
    codes = draw(
        st.lists(
            st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8).filter(
                lambda c: c not in ("shared", "global")
            ),
            min_size=count,
            max_size=count,
            unique=True,
        )
    )
    # An odd number, and in no region a lone one: three somewhere, then pairs.
    home = st.integers(0, count - 1)
    homes = draw(home.map(lambda at: [at] * 3)) + [at for at in draw(st.lists(home, max_size=2)) for _ in range(2)]
    primary = draw(st.integers(0, count - 1))
    return [
        {
            "code": code,
            "name": f"region-{code}",
            "place": code,
            "country": draw(st.sampled_from(["DE", "IN", "SG", "BR"])),
            "coordinates": {"latitude": draw(st.integers(-90, 90)), "longitude": draw(st.integers(-180, 180))},
            "networks": {
                "pods": f"10.{40 + 2 * index}.0.0/16",
                "services": f"10.{41 + 2 * index}.0.0/16",
                "mesh": f"10.99.{index + 1}.0/24",
            },
            "nodes": [f"any-{code}-{number}" for number in range(1, draw(st.sampled_from([1, 3])) + 1)],
            "postgres": {"cluster": f"postgresql-{code}"} | ({} if index == primary else {"cloneFrom": codes[primary]}),
            "mongodb": {"priorities": [10 - voter for voter, home in enumerate(homes) if home == index]},
        }
        for index, code in enumerate(codes)
    ]


def _founder(lines: list[dict[str, Any]]) -> str:
    return next(str(line["code"]) for line in lines if "cloneFrom" not in line["postgres"])


def write(root: Path, lines: list[dict[str, Any]], phase: str, mode: str) -> None:
    """A project of these regions; nothing is left of the ones that were there."""
    for old in (EU, IN):
        (root / old).unlink()
    for index, line in enumerate(lines):
        file = root / f"Pulumi.{line['code']}.yaml"
        file.write_text("{}\n")
        edit(file, "config", _region_file(line["code"], nodes=len(line["nodes"]), third=index))
    share(root, "regions", lines)
    share(root, "phase", phase)
    share(root, "authority", {"primary": _founder(lines), "epoch": 1})
    share(root, "edge.mode", mode)
    share(root, "budget", 1000)
    for index in range(len(value(root / SHARED, "config.latency.value"))):
        share(root, f"latency.{index}.rtt", {line["code"]: [10, 20] for line in lines})


@settings(max_examples=40, deadline=None)
@given(
    layouts(),
    st.sampled_from(["read-replicas", "active-active"]),
    st.sampled_from(["load-balancer", "tunnel", "records"]),
)
def test_every_layout_with_blocks_and_names_of_its_own_loads(
    lines: list[dict[str, Any]], phase: str, mode: str
) -> None:
    with copied() as root:
        write(root, lines, phase, mode)
        project = checked(read_project(root))
        assert project.platform.codes == tuple(line["code"] for line in lines)
        assert project.platform.authority.primary == _founder(lines)
        assert set(project.stacks) == {*project.platform.codes, "shared", "global"}
