"""The facts that rules are judged by, from the settings."""

from __future__ import annotations

from operations.policy.model import Facts
from settings.platform import Platform
from settings.stacks import StackSettings


def facts_of(platform: Platform, stack: StackSettings, name: str, secret_values: frozenset[str]) -> Facts:
    """What the rules must know of one stack."""
    return Facts(
        stack=name,
        phase=platform.phase,
        primary=platform.authority.primary,
        residency=platform.residency,
        countries={line.code: line.country for line in platform.sites},
        protect=stack.protect,
        acknowledged=stack.acknowledged,
        secret_values=secret_values,
    )
