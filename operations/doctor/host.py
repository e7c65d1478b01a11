"""Whether a host is fit to be a node, by what it told about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from operations.doctor.facts import Facts, Listener, percentile
from operations.doctor.model import Target
from operations.doctor.targets import K3S_AGENT, K3S_SERVER, SYSTEM_DISK
from operations.findings.model import Check, Status

SYSTEMS: Final[Mapping[str, tuple[str, ...]]] = {"debian": ("12", "13"), "ubuntu": ("22.04", "24.04")}

FSYNC_P99: Final = 0.010
"""Seconds for 99 of 100 writes to etcd's log: etcd's FAQ (wal_fsync_duration_seconds)."""

SEQUENTIAL_IOPS: Final = 50
"""Writes a second, one after the other, that etcd typically needs: etcd's hardware recommendations, "Disks"."""

CLOCK: Final = 1.0
"""Seconds. Certificates and tokens are valid by the clock, and logs of several nodes are read side by side."""

_GIB: Final = 1024**3
_K3S: Final = ("k3s", "containerd", "kube", "etcd")
_FEW_SAMPLES: Final = 100


def judge(target: Target, facts: Facts) -> Iterator[Check]:
    """All checks of one host, in order."""
    yield _system(target, facts)
    yield _memory(target, facts)
    yield _disk(target, facts)
    yield _fsync(target, facts)
    yield _clock(target, facts)
    yield _ports(target, facts)
    if facts.location not in ("", "None", "null"):
        yield _location(target, facts)


def _system(target: Target, facts: Facts) -> Check:
    seen = f"{facts.os} {facts.version} on {facts.machine}" + ("" if facts.systemd else ", without systemd")
    fits = facts.version in SYSTEMS.get(facts.os, ()) and facts.machine == "x86_64" and facts.systemd
    return Check(
        target.name,
        "system",
        "ok" if fits else "fail",
        seen,
        "A node runs Debian 12 or 13, or Ubuntu 22.04 or 24.04, on x86_64 with systemd.",
        "Packages, units and the K3s binary of this program do not fit it.",
        "Reinstall the host with such an image; that erases it, so look first at what is on it.",
    )


def _memory(target: Target, facts: Facts) -> Check:
    least = K3S_SERVER if target.server else K3S_AGENT
    status: Status = "fail" if facts.memory < least else "warn" if facts.memory < target.memory else "ok"
    return Check(
        target.name,
        "memory",
        status,
        f"{facts.memory / _GIB:.1f} GiB",
        f"K3s needs {least / _GIB:.1f} GiB here, with the databases of these settings {target.memory / _GIB:.1f} GiB.",
        "Instances of the databases would stay Pending, or processes would be killed for memory.",
        "Lower databases.*.memory, or take a larger product.",
    )


def _disk(target: Target, facts: Facts) -> Check:
    status: Status = "fail" if facts.disk < SYSTEM_DISK else "warn" if facts.disk < target.disk else "ok"
    return Check(
        target.name,
        "disk",
        status,
        f"{facts.disk / _GIB:.0f} GiB at /var/lib",
        f"The system needs {SYSTEM_DISK / _GIB:.0f} GiB, with the settings' volumes {target.disk / _GIB:.0f} GiB.",
        "Local volumes have no quota: databases that grow to their size fill the disk, and all on the node stops.",
        "Lower databases.*.storage, or take a product with a larger disk.",
    )


def _fsync(target: Target, facts: Facts) -> Check:
    rule = (
        f"etcd wants 99 of 100 writes on the disk within {FSYNC_P99 * 1000:.0f} ms, and {SEQUENTIAL_IOPS} writes "
        "a second, one after the other."
    )
    consequence = "etcd loses its leader whenever the disk stalls, and the API of the region with it."
    fix = "Run this again at another hour. If it stays, take an NVMe product, or ask the provider for another host."
    if not facts.fsync:
        return Check(target.name, "disk latency", "unknown", "nothing was measured", rule, consequence, fix)
    p99, mean = percentile(facts.fsync, 0.99), sum(facts.fsync) / len(facts.fsync)
    seen = f"p99 {p99 * 1000:.1f} ms, mean {mean * 1000:.1f} ms of {len(facts.fsync)} writes"
    status: Status = "warn" if p99 > FSYNC_P99 or len(facts.fsync) < _FEW_SAMPLES else "ok"
    if mean > 1 / SEQUENTIAL_IOPS:
        status = "fail" if target.server else "warn"
    return Check(target.name, "disk latency", status, seen, rule, consequence, fix)


def _clock(target: Target, facts: Facts) -> Check:
    rule = f"A node's clock is at most {CLOCK:g} s away from yours."
    if facts.offset is None:
        return Check(target.name, "clock", "unknown", "the host did not tell its time", rule)
    certain = abs(facts.offset) - facts.uncertainty
    return Check(
        target.name,
        "clock",
        "warn" if certain > CLOCK else "ok",
        f"{facts.offset:+.2f} s (known to {facts.uncertainty:.2f} s)",
        rule,
        "Fresh certificates would count as not valid yet, and recovery to a point in time would miss it.",
        "timedatectl on the host and on your machine; apt-get install chrony where nothing sets the clock.",
    )


def _ports(target: Target, facts: Facts) -> Check:
    rule = "The ports that K3s, the mesh and the databases use are free, or theirs already."
    if facts.listeners is None:
        return Check(
            target.name, "ports", "unknown", "the host has no ss", rule, "A clash would show only during up.",
            "apt-get install iproute2",
        )  # fmt: skip
    taken = sorted({_said(item) for item in facts.listeners if _needed(target, item) and not _ours(item, facts)})
    return Check(
        target.name,
        "ports",
        "fail" if taken else "ok",
        ", ".join(taken) if taken else "free, or in use by the platform",
        rule,
        "K3s would not start, or requests would reach the other program.",
        "Stop and disable that program on the host (systemctl disable --now ...), or use another host.",
    )


def _needed(target: Target, item: Listener) -> bool:
    if item.protocol == "udp":
        return item.port in (target.mesh_port, 51820, 51821)
    servers = (2379, 2380, 6443) if target.server else ()
    return item.port in (80, 443, 10250, *servers) or 30000 <= item.port <= 32767


def _ours(item: Listener, facts: Facts) -> bool:
    # The kernel's WireGuard has no process: its sockets count as ours where one of our interfaces is there.
    kernel = not item.process and bool(facts.interfaces & {"openova0", "flannel-wg", "flannel-wg-v6"})
    return kernel or item.process.startswith(_K3S)


def _said(item: Listener) -> str:
    return f"{item.port}/{item.protocol} ({item.process or 'no process told'})"


def _location(target: Target, facts: Facts) -> Check:
    told = facts.location
    same = bool(target.location) and target.location.casefold() in told.casefold()
    return Check(
        target.name,
        "location",
        "ok" if same else "unknown",
        f"cloud-init says {told}",
        f"The host stands where the settings say: {target.place}.",
        "Latency and the place of the data would not be what you planned.",
        "Compare with the provider's panel.",
    )
