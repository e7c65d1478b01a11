"""Secrets that a command needs at once: from the environment, else from a stack's configuration by the Pulumi CLI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

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
    if shutil.which("pulumi") is None:
        raise LookupError(f"{variable} is not set, and pulumi is not on PATH: {give}")
    command = ["pulumi", "config", "get", secret.key, "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise LookupError(f"Pulumi has not told {secret.key} within {SECONDS} s: set {variable}") from None
    if done.returncode or not done.stdout.strip():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise LookupError(f"{lines[-1].strip() if lines else 'Pulumi said nothing'}: {give}")
    return done.stdout.strip()
