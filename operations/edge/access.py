"""How the edge is reached: by the provider of the settings, with credentials of the environment or of `global`."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from operations.access.configured import configured
from operations.edge.api import BASE, CloudflareApi
from operations.edge.cloudflare import CloudflareEdge
from operations.edge.model import EdgeAccess, EdgeError
from settings.naming import GLOBAL_STACK
from settings.platform import Platform
from settings.problems import SettingsError
from settings.project import read_project
from settings.secrets import CLOUDFLARE_API_TOKEN

TOKEN: Final = "CLOUDFLARE_API_TOKEN"  # noqa: S105 a variable's name
BASE_URL: Final = "CLOUDFLARE_BASE_URL"
FRONT: Final = "OPENOVA_EDGE_URL"
"""Where a local Cloudflare answers users; docs/edge.md."""


def edge_of(root: Path, platform: Platform) -> EdgeAccess:
    """The edge, or why it cannot be asked. Only load balancing has health and orders to ask for."""
    if platform.edge.mode != "load-balancer" or platform.phase == "single":
        return EdgeAccess()
    if platform.edge.provider == "route53":
        return _route53(platform)
    try:
        token = configured(root, CLOUDFLARE_API_TOKEN, TOKEN)
        api = CloudflareApi(os.environ.get(BASE_URL) or _base_of(root) or BASE, token)
    except (LookupError, EdgeError) as error:
        return EdgeAccess(why_not=str(error))
    return EdgeAccess(CloudflareEdge(api, platform, os.environ.get(FRONT, "").rstrip("/")))


def _base_of(root: Path) -> str:
    """What the provider reads from the stack's file."""
    try:
        file = read_project(root).stacks.get(GLOBAL_STACK)
    except SettingsError:
        return ""
    return file.values.get("cloudflare:baseUrl", "") if file is not None else ""


def _route53(platform: Platform) -> EdgeAccess:
    if find_spec("boto3") is None:
        return EdgeAccess(why_not="Route 53 is asked with boto3, which is not installed: make aws")
    from operations.edge.route53 import Route53Edge  # noqa: PLC0415 of the extra `aws`

    return EdgeAccess(Route53Edge(platform))
