"""The names of the databases and where they lead, as every cluster resolves them."""

from __future__ import annotations

from regions.members import members_of
from settings.naming import mesh_address, postgres_host
from settings.platform import Platform, RegionLine


def database_names(platform: Platform) -> dict[str, list[str]]:
    """Every database name with the mesh addresses of its site's nodes: any of them forwards."""
    names: dict[str, list[str]] = {}
    for line in platform.sites:
        addresses = [mesh_address(line, node) for node in line.nodes]
        if isinstance(line, RegionLine):
            names[postgres_host(platform, line)] = addresses
        for member in members_of(platform, line, local=False):
            names[member.host] = addresses
    return names
