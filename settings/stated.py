"""Where other stacks' nodes are, as far as their files say it. A stack that was brought up says it in its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import TypeAdapter, ValidationError

from settings.platform import Platform
from settings.problems import SettingsError
from settings.project import own_config
from settings.stacks import NodeSettings

Addresses: TypeAlias = Mapping[str, str]
"""The public address of nodes, by their names."""

_KEY: Final = "openova:nodes"
_NODES: Final = TypeAdapter(dict[str, NodeSettings])


def stated_addresses(root: Path, platform: Platform) -> dict[str, Addresses]:
    """The addresses that stand in the files of all sites, by their codes.

    A server that is ordered has none before its stack was brought up. A file that is missing or wrong states nothing
    here: every command that is about its own stack tells what is wrong with it.
    """
    return {code: _stated(root / f"Pulumi.{code}.yaml") for code in platform.site_codes}


def _stated(path: Path) -> Addresses:
    try:
        nodes = _NODES.validate_python(own_config(path).get(_KEY, {}))
    except (SettingsError, ValidationError):
        return {}
    return {name: node.address for name, node in nodes.items() if node.provisioning == "host" and node.address}
