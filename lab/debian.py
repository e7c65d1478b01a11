"""The Debian that the hosts of the tests boot from: one folder, made once, never written to afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

VARIABLE: Final = "OPENOVA_DEBIAN_ROOT"
BUILD: Final = "python -m lab debian"

PACKAGES: Final = (
    *("systemd-sysv", "dbus", "openssh-server", "sudo", "procps", "kmod", "iproute2", "ca-certificates", "openssl"),
    *("curl", "nftables", "wireguard-tools", "wireguard-go", "chrony", "unattended-upgrades", "iputils-ping"),
    *("python3-yaml", "containerd", "runc", "containernetworking-plugins", "iptables", "conntrack", "etcd-server"),
)
"""What a cloud image has, what the scripts would install (the hosts reach no archive), and what K3s brings along."""

SILENCED: Final = ("containerd", "etcd")
"""Units of packages that run here as K3s' parts alone."""

TOOLS: Final = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "ssh": "openssh-client",
    "curl": "curl",
}
"""Programs of this machine, and the Debian packages that bring them."""


def debian_root() -> Path:
    """The folder, whether it is there or not."""
    return Path(os.environ.get(VARIABLE) or Path.home() / ".cache" / "openova" / "debian-12")


def is_built(root: Path) -> bool:
    """Whether a host can boot from it: debootstrap ran to its end."""
    return all((root / file).exists() for file in ("usr/lib/systemd/systemd", "usr/sbin/sshd", "usr/bin/containerd"))


def missing() -> str:
    """What stands between this machine and booted hosts, in one line; empty if nothing does."""
    if os.geteuid() != 0:
        return "needs root"
    if absent := _absent("debootstrap"):
        return f"needs {', '.join(absent)} (apt-get install {' '.join(TOOLS[tool] for tool in absent)})"
    if not is_built(debian_root()):
        return f"needs Debian in {debian_root()} ({BUILD}, or name another folder in {VARIABLE})"
    return ""


def build() -> None:
    """Makes the folder with debootstrap, if it is not there: about 550 MB and two minutes.

    Raises RuntimeError where this machine lacks a tool, CalledProcessError where debootstrap fails; the folder
    appears only when all is done.
    """
    root = debian_root()
    if is_built(root):
        print(f"{root} is there already; remove it to build it again")
        return
    if os.geteuid() != 0:
        raise RuntimeError("debootstrap makes device nodes and owners: run this as root")
    if absent := _absent():
        raise RuntimeError(f"missing: {', '.join(absent)}. apt-get install {' '.join(TOOLS[tool] for tool in absent)}")
    part = root.with_name(f"{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    print(f"debootstrap of Debian 12 into {root}, {len(PACKAGES)} packages and what they need", flush=True)
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "bookworm", str(part)], check=True
    )
    part.rename(root)
    print(f"{root} is ready")


def _absent(*but: str) -> list[str]:
    return [tool for tool in TOOLS if tool not in but and shutil.which(tool) is None]
