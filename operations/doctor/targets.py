"""The nodes of the settings, as the doctor needs them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from operations.doctor.model import Target
from settings.loader import Project
from settings.naming import mesh_address, web_clients
from settings.platform import Platform, SiteLine
from settings.problems import Problem
from settings.stacks import DatabaseSizing, RegionStack, WitnessStack

MEGABYTE: Final = 1024 * 1024
K3S_SERVER: Final = 1606 * MEGABYTE
K3S_AGENT: Final = 275 * MEGABYTE
"""Least memory of K3s with embedded etcd and a workload, and of an agent: docs.k3s.io/reference/resource-profiling."""

SYSTEM_DISK: Final = 20 * 1024 * MEGABYTE
"""For the system, K3s, container images and logs: our estimate."""

_UNITS: Final = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}


def targets(project: Project) -> list[Target]:
    """Every node of every region, in the settings' order."""
    platform = project.platform
    found = []
    for line in platform.sites:
        stack = project.stacks[line.code]
        if isinstance(stack, RegionStack | WitnessStack):
            found += [_target(platform, line, stack, node) for node in line.nodes]
    return found


def _target(platform: Platform, line: SiteLine, stack: RegionStack | WitnessStack, name: str) -> Target:
    node = stack.nodes[name]
    databases: list[DatabaseSizing] = [stack.databases.postgres] if isinstance(stack, RegionStack) else []
    if platform.mongodb.enabled and line.mongodb.priorities:
        databases.append(stack.databases.mongodb)
    k3s = K3S_SERVER if node.role == "server" else K3S_AGENT
    return Target(
        name=name,
        region=line.code,
        address=node.address,
        host_key=node.host_key,
        port=node.ssh_port or stack.ssh.port,
        user=stack.ssh.user,
        server=node.role == "server",
        location=line.location,
        place=f"{line.place}, {line.country}",
        memory=k3s + sum(byte_count(database.memory) for database in databases),
        disk=SYSTEM_DISK + sum(byte_count(database.storage) for database in databases),
        mesh_port=platform.mesh.port,
        mtu=platform.mesh.mtu,
        http_cidrs=web_clients(platform, stack),
        peers=tuple(
            (other, mesh_address(region, other)) for region in platform.sites for other in region.nodes if other != name
        ),
    )


def no_region(option: str, code: str, codes: Sequence[str]) -> Problem:
    """The problem of an option that names a region which is not there."""
    return Problem(
        "(command line)",
        option,
        f"There is no region {code!r}; the regions are {', '.join(codes)}.",
        "Its nodes would not be examined, and nothing would look wrong.",
        f"Name one of them, or leave {option} out.",
    )


def byte_count(quantity: str) -> int:
    """50Gi in bytes. Raises ValueError for what the settings would refuse."""
    match = re.fullmatch(r"([0-9]+)(Ki|Mi|Gi|Ti)", quantity)
    if match is None:
        raise ValueError(f"{quantity!r} is no quantity such as 50Gi")
    return int(match[1]) * _UNITS[match[2]]
