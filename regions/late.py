"""Values of other stacks that are known late, taken out of the outputs that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from regions.contract import SharedOutputs
from regions.references import Peer


@dataclass(frozen=True)
class KnownBucket:
    """A bucket, and the keys to it."""

    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    access_key_id: pulumi.Output[str]
    secret_access_key: pulumi.Output[str]


def backup_bucket(shared: Peer[SharedOutputs]) -> KnownBucket:
    """What the stack `shared` tells of the backups' bucket. Only where backups are on."""
    return _bucket(shared.output("backup"), shared.output("backup_credentials"))


def record_bucket(shared: Peer[SharedOutputs]) -> KnownBucket:
    """What the stack `shared` tells of the bucket of the record. Only where guards run."""
    return _bucket(shared.output("guard"), shared.output("guard_credentials"))


def _bucket(place: pulumi.Output[Any], credentials: pulumi.Output[Any]) -> KnownBucket:
    return KnownBucket(
        name=text_of(place, "bucket"),
        endpoint=text_of(place, "endpoint"),
        access_key_id=text_of(credentials, "accessKeyId"),
        secret_access_key=text_of(credentials, "secretAccessKey"),
    )


def text_of(values: pulumi.Output[Any], name: str) -> pulumi.Output[str]:
    """One of several values by its name."""
    return values.apply(lambda every: str(every[name]))
