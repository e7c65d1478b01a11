"""What a stack has in its outputs, secrets included, as the Pulumi CLI tells it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

SECONDS: Final = 60
"""How long Pulumi may take to decrypt and print; its state may lie in a bucket."""


def stack_output(root: Path, stack: str, *what: str) -> str:
    """What `pulumi stack output` prints, for an output's name or `--json`. Raises LookupError with the reason."""
    return pulumi_said(root, "stack", "output", *what, "--show-secrets", "--stack", stack, seconds=SECONDS)


def pulumi_said(root: Path, *arguments: str, seconds: int) -> str:
    """What the Pulumi CLI prints in the project's folder. Raises LookupError with the reason where that is nothing."""
    if shutil.which("pulumi") is None:
        raise LookupError("pulumi is not on PATH")
    command = ["pulumi", *arguments, "--non-interactive"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise LookupError(f"Pulumi did not answer within {seconds} s") from None
    if done.returncode or not done.stdout.strip():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise LookupError(lines[-1].strip() if lines else "Pulumi said nothing")
    return done.stdout
