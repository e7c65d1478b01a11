"""The guard: what it cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from settings.platform import Platform
from settings.problems import Problem

FILE = "Pulumi.yaml"
KEY = "openova:guard"


def check(platform: Platform) -> Iterator[Problem]:
    """All problems of the guard, where it is used."""
    guard = platform.guard
    if not platform.guarded:
        return
    if guard.image is None:
        yield Problem(
            FILE,
            f"{KEY}.image",
            "The guard is on, and its image is not set.",
            "No node could start it, and nodes that boot shut stay shut: nobody could write.",
            "Release the image (.github/workflows/image.yaml prints its digest) and set image: "
            "<registry>/openova-guard@sha256:<digest>; or leave the guard out knowingly with enabled: false.",
        )
    if guard.endpoint is None and not guard.account_id:
        yield Problem(
            FILE,
            f"{KEY}.accountId",
            "The bucket of the record has no account.",
            "It could not be made, and no region would ever learn that it may write.",
            "Set accountId to the Cloudflare account, or endpoint to another S3 store.",
        )
    if platform.backups.enabled and guard.bucket.name == platform.backups.bucket.name:
        yield Problem(
            FILE,
            f"{KEY}.bucket.name",
            f"{guard.bucket.name} is also the bucket of the backups.",
            "Keys that lie on every node could delete the backups.",
            "Give the record a bucket of its own.",
        )
