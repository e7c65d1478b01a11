"""Values of other stacks that are known late, taken out of the outputs that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from regions.contract import SharedOutputs
from regions.references import Peer


@dataclass(frozen=True)
class BackupBucket:
    """The bucket for backups, and the keys to it."""

    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    access_key_id: pulumi.Output[str]
    secret_access_key: pulumi.Output[str]


def backup_bucket(shared: Peer[SharedOutputs]) -> BackupBucket:
    """What the stack `shared` tells of the bucket. Only where backups are on."""
    backup, credentials = shared.output("backup"), shared.output("backup_credentials")
    return BackupBucket(
        name=text_of(backup, "bucket"),
        endpoint=text_of(backup, "endpoint"),
        access_key_id=text_of(credentials, "accessKeyId"),
        secret_access_key=text_of(credentials, "secretAccessKey"),
    )


def text_of(values: pulumi.Output[Any], name: str) -> pulumi.Output[str]:
    """One of several values by its name."""
    return values.apply(lambda every: str(every[name]))
