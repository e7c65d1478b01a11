"""Where the record's bucket and keys are had: from a file, or from the outputs of the stack `shared`."""

from __future__ import annotations

import json
from pathlib import Path

from operations.access.outputs import stack_output
from operations.epoch.s3 import S3EpochStore, bucket_of
from operations.epoch.store import EpochStore
from settings.platform import Platform
from settings.problems import Problem, SettingsError


def store_of(root: Path, platform: Platform, file: Path | None) -> EpochStore | None:
    """The store of the record; None where the guard is off. Raises SettingsError where it cannot be known."""
    return store_at(root, file, platform.guard.certificate) if platform.guarded else None


def store_at(root: Path, file: Path | None, certificate: str | None) -> S3EpochStore:
    """The store that these outputs name. `certificate` (PEM) signs its own, where nobody does whom all trust.

    Raises SettingsError.
    """
    try:
        text = file.read_text(encoding="utf-8") if file is not None else stack_output(root, "shared", "--json")
        return S3EpochStore(bucket_of(json.loads(text), certificate))
    except (KeyError, TypeError):
        raise SettingsError([_unknown("they have no `guard` and `guardCredentials`")]) from None
    except LookupError as error:
        raise SettingsError([_unknown(str(error))]) from None
    except (OSError, ValueError) as error:
        raise SettingsError([_unknown(error.strerror or "" if isinstance(error, OSError) else "no JSON")]) from None


def _unknown(reason: str) -> Problem:
    return Problem(
        "Pulumi.shared.yaml",
        "openova:guard",
        f"The bucket of the record cannot be read from the outputs of the stack shared: {reason}.",
        "Nobody here could read or write the record, and the guards would go on by the old one.",
        "Turn the guard on and bring shared up, log in to Pulumi's backend, or name a file with what `pulumi stack "
        "output --stack shared --show-secrets --json` printed: --store FILE.",
    )
