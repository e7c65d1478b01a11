"""Secrets that a command needs at once: from the environment, else from a stack's configuration by the Pulumi CLI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from operations.access.outputs import pulumi_said
from settings.naming import GLOBAL_STACK
from settings.problems import SettingsError
from settings.project import read_project
from settings.secrets import SecretKey

SECONDS: Final = 20
"""How long Pulumi may take to decrypt one value."""


def configured(root: Path, secret: SecretKey, variable: str, stack: str = GLOBAL_STACK) -> str:
    """The secret's value. Raises LookupError with how to give it, where it cannot be had.

    Pulumi is asked only where the stack's file has the secret.
    """
    if value := os.environ.get(variable, "").strip():
        return value
    give = f"set {variable}, or pulumi config set --stack {stack} --secret {secret.key}"
    try:
        file = read_project(root).stacks.get(stack)
    except SettingsError:
        file = None
    if file is None or secret.key not in file.secrets:
        raise LookupError(f"{variable} is not set, and the stack {stack} has no {secret.key}: {give}")
    try:
        return pulumi_said(root, "config", "get", secret.key, "--stack", stack, seconds=SECONDS).strip()
    except LookupError as error:
        raise LookupError(f"{variable} is not set, and {error}: {give}") from None
