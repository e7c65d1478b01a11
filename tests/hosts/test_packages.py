"""Packages on a host whose archive is a folder: busy lists, and an installation that was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.host import Done, Host
from tests.components.debian import changed

pytestmark = pytest.mark.hosts

ARCHIVE = """
set -e
mkdir -p /srv/archive /tmp/slow/DEBIAN
cd /tmp/slow
printf 'Package: slow\\nVersion: 1\\nArchitecture: all\\nMaintainer: tests\\nDescription: waits\\n' >DEBIAN/control
printf '#!/bin/sh\\nif [ -e /run/slow ]; then touch /run/waiting; sleep 100; fi\\n' >DEBIAN/postinst
chmod 755 DEBIAN/postinst
dpkg-deb --build . /srv/archive/slow.deb >/dev/null
cd /srv/archive
{ cat /tmp/slow/DEBIAN/control; echo 'Filename: ./slow.deb'; echo "Size: $(stat -c %s slow.deb)"
  echo "SHA256: $(sha256sum slow.deb | cut -d' ' -f1)"; } >Packages
echo 'deb [trusted=yes] file:/srv/archive ./' >/etc/apt/sources.list
"""


@pytest.fixture
def with_archive(fresh: Host) -> Host:
    fresh.told(ARCHIVE)
    return fresh


def install(host: Host, folder: Path, seconds: int = 60) -> Done:
    script = folder / "install.sh"
    script.write_text("install_packages slow\n")
    return host.run_file(script, {"NONE": ""}, seconds=seconds)


def test_a_missing_package_is_installed_once(with_archive: Host, tmp_path: Path) -> None:
    assert changed(install(with_archive, tmp_path)) == ["packages: slow"]
    assert changed(install(with_archive, tmp_path)) == []


def test_an_installation_that_a_power_cut_ended_is_finished_by_the_next_run(with_archive: Host, tmp_path: Path) -> None:
    with_archive.told("touch /run/slow")
    assert install(with_archive, tmp_path, seconds=6).returncode in (124, 137)
    assert with_archive.told("ls /run/waiting")

    with_archive.cut_power()
    with_archive.start()
    with_archive.wait()

    assert changed(install(with_archive, tmp_path)) == ["packages: slow"]


def test_lists_that_the_hosts_own_update_is_reading_are_waited_for(with_archive: Host, tmp_path: Path) -> None:
    hold = "import fcntl, time; f = open('/var/lib/apt/lists/lock', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(8)"
    with_archive.told(f'systemd-run --quiet python3 -c "{hold}" && sleep 1')

    assert changed(install(with_archive, tmp_path)) == ["packages: slow"]
