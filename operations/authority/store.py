"""Where the record's bucket and keys are had: from a file, or from the outputs of the stack `shared`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from operations.epoch.s3 import Bucket, S3EpochStore
from operations.epoch.store import EpochStore
from settings.platform import Platform
from settings.problems import Problem, SettingsError

STACK_SECONDS: Final = 60


def store_of(root: Path, platform: Platform, file: Path | None) -> EpochStore | None:
    """The store of the record; None where the guard is off. Raises SettingsError where it cannot be known."""
    if not platform.guarded:
        return None
    outputs = _outputs(root, file)
    try:
        place, keys = outputs["guard"], outputs["guardCredentials"]
        return S3EpochStore(
            Bucket(
                name=place["bucket"],
                endpoint=place["endpoint"],
                access_key_id=keys["accessKeyId"],
                secret_access_key=keys["secretAccessKey"],
                root_certificate=platform.guard.certificate,
            )
        )
    except (KeyError, TypeError):
        raise SettingsError([_unknown("they have no `guard` and `guardCredentials`")]) from None


def _outputs(root: Path, file: Path | None) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8") if file is not None else _asked(root)
        outputs = json.loads(text)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise SettingsError([_unknown(type(error).__name__)]) from None
    return outputs if isinstance(outputs, dict) else {}


def _asked(root: Path) -> str:
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", "shared", "--non-interactive"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=STACK_SECONDS, check=True)
    return done.stdout


def _unknown(reason: str) -> Problem:
    return Problem(
        "Pulumi.shared.yaml",
        "openova:guard",
        f"The bucket of the record cannot be read from the outputs of the stack shared: {reason}.",
        "The guards would go on by the old record, and shut the region that is to write.",
        "Bring shared up, log in to Pulumi's backend, or name a file with these outputs: --store FILE.",
    )
