"""What belongs to the whole machine stays the machine's: asked after all other tests of this package."""

from __future__ import annotations

import pytest

from lab.debian import debian_root
from lab.host import Host
from tests.components.debian import changed
from tests.hosts.machine import state

pytestmark = pytest.mark.hosts

REFUSED = {
    "kernel.keys.root_maxbytes",
    "kernel.keys.root_maxkeys",
    "kernel.panic",
    "kernel.panic_on_oops",
    "vm.overcommit_memory",
    "vm.panic_on_oom",
}
"""Settings that no namespace holds: a container cannot have its own."""


def test_the_base_system_writes_settings_of_which_the_kernel_takes_those_of_the_hosts_own_network(fresh: Host) -> None:
    assert changed(fresh.run("node/scripts/base.sh", {"NODE_NAME": fresh.name}))
    file = "/etc/sysctl.d/zz-openova.conf"
    wanted = dict(line.split("=") for line in fresh.told(f"cat {file}").splitlines())

    real = fresh.console(f"/usr/sbin/sysctl -p {file}")

    assert {line.split('"')[1] for line in real.stderr.splitlines() if "permission denied" in line} == REFUSED
    taken = dict(line.split(" = ") for line in real.stdout.splitlines())
    assert taken == {name: value for name, value in wanted.items() if name not in REFUSED}
    assert wanted.keys() - taken.keys() == REFUSED


def test_the_machine_is_as_it_was_before_the_first_host(fresh: Host, machine_before: dict[str, str]) -> None:
    now = state()

    assert {name: (value, now.get(name)) for name, value in machine_before.items() if now.get(name) != value} == {}
    new = now.keys() - machine_before.keys()
    assert {name for name in new if not name.startswith("sysctl ")} == set(), "a loaded module only adds settings"


def test_the_folder_that_hosts_boot_from_is_not_written_to(fresh: Host) -> None:
    etc = debian_root() / "etc"

    assert not [path for path in etc.rglob("*") if "openova" in path.name]
    assert not (debian_root() / "opt/openova").exists()
