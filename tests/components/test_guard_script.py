"""The barrier's script, really run on a booted Debian."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from components.guard.ruleset import Opening, ruleset
from tests.components.debian import Debian, booted, changed, on_debian

SCRIPT = "guard/scripts/barrier.sh"
PODS = "10.42.0.0/16"
SHUT = ruleset(PODS)
UNIT = "openova-guard.service"
OFF = "/var/lib/openova-guard/off"
pytestmark = on_debian


@pytest.fixture(scope="module")
def debian() -> Iterator[Debian]:
    with booted() as host:
        yield host


def table(debian: Debian) -> str:
    """What is loaded: `open`, `shut` or nothing."""
    listed = debian.sh("nft list table inet openova_guard").stdout
    return ("open" if "elements = { tcp }" in listed else "shut") if listed else ""


def test_a_fresh_host_is_shut_before_kubernetes_is_on_it(debian: Debian) -> None:
    assert table(debian) == ""
    assert "barrier: shut until the guard opens it" in changed(debian.run(SCRIPT, {}, SHUT))
    assert table(debian) == "shut"
    assert debian.sh(f"systemctl is-enabled {UNIT}").stdout == "enabled\n"


def test_run_again_it_changes_nothing_and_shuts_nothing_that_the_guard_opened(debian: Debian) -> None:
    debian.sh("nft -f -", ruleset(PODS, opening=Opening(why="writing")))
    assert changed(debian.run(SCRIPT, {}, SHUT)) == []
    assert table(debian) == "open"


def test_the_unit_of_the_boot_shuts_whatever_was_open_before(debian: Debian) -> None:
    debian.sh("nft flush ruleset")
    debian.sh(f"systemctl restart {UNIT}")
    assert table(debian) == "shut"
    wants = debian.sh(f"systemctl show --property=Before --property=WantedBy {UNIT}").stdout
    assert "network-pre.target" in wants
    assert "sysinit.target" in wants


def test_on_a_host_that_runs_kubernetes_already_the_guard_makes_the_barrier(debian: Debian) -> None:
    debian.put("/etc/systemd/system/k3s.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    debian.sh("systemctl daemon-reload && systemctl start k3s.service && nft flush ruleset")
    debian.run(SCRIPT, {}, SHUT)
    assert table(debian) == ""
    debian.sh("systemctl stop k3s.service && rm /etc/systemd/system/k3s.service && systemctl daemon-reload")


def test_a_ruleset_that_the_kernel_refuses_leaves_the_host_as_it_is(debian: Debian) -> None:
    before = debian.sh("cat /etc/openova/guard.nft").stdout
    done = debian.run(SCRIPT, {}, "table inet openova_guard { nonsense }")
    assert done.returncode == 1
    assert "Rule: the kernel accepts the whole barrier" in done.stderr
    assert debian.sh("cat /etc/openova/guard.nft").stdout == before


def test_taken_away_nothing_of_it_is_left_and_a_guard_that_still_runs_is_told(debian: Debian) -> None:
    debian.sh(f"mkdir -p {OFF.rpartition('/')[0]}")
    debian.run(SCRIPT, {}, SHUT)
    debian.sh("nft -f -", SHUT)
    assert changed(debian.run(SCRIPT, {}, "")) == ["barrier: none at boot", "barrier: removed"]
    assert table(debian) == ""
    assert debian.sh(f"systemctl is-enabled {UNIT}").stdout != "enabled\n"
    assert debian.sh(f"test -e {OFF}").returncode == 0
    assert changed(debian.run(SCRIPT, {}, "")) == []


def test_put_back_the_guard_may_load_again(debian: Debian) -> None:
    debian.run(SCRIPT, {}, SHUT)
    assert debian.sh(f"test -e {OFF}").returncode == 1
    assert table(debian) == "shut"
