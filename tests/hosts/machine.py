"""What the tests must leave alone on the machine they run on, as one comparable value."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Final

_OWN: Final = {"/etc/mtab", "/etc/resolv.conf", "/etc/adjtime"}
"""Files that the system writes by itself."""

_COUNTERS: Final = re.compile(
    r"fs\.(aio-nr|dentry-state|file-nr|inode-(nr|state)|quota\..*)"
    r"|kernel\.(ns_last_pid|pty\.nr|random\..*|perf_.*|perf_event_.*)|net\.netfilter\.nf_conntrack_count"
    r"|net\.ipv[46]\.(conf|neigh)\..*|vm\.stat_refresh"
)
"""Settings that count or tune themselves, and those of interfaces that others may add."""


def state() -> dict[str, str]:
    """Files of /etc (by content), settings of the kernel and the ruleset, each with its value."""
    found = {f"nft {line}": "" for line in _output("nft", "list", "ruleset").splitlines()}
    for line in _output("sysctl", "-a").splitlines():
        name, _, value = line.partition(" = ")
        if not _COUNTERS.fullmatch(name):
            found[f"sysctl {name}"] = value
    for path in sorted(Path("/etc").rglob("*")):
        if str(path) in _OWN:
            continue
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        elif path.is_file():
            found[str(path)] = f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout
