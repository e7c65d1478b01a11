"""The guard: what keeps two regions from writing at one time when one of them is out of reach."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from settings.base import Settings
from settings.data import BucketSettings
from settings.formats import CloudflareId, HttpsUrl, PinnedImage


class GuardSettings(Settings):
    """A guard on every node shuts PostgreSQL to writers unless a record outside both regions names its region.

    Used in phase `read-replicas` only: elsewhere there is no other writer to be shut out, or no single one.
    """

    enabled: bool = Field(
        default=True,
        description="`false` leaves the guard out: a region that returns after a failover accepts writes until "
        "somebody fences it by hand. The plan warns.",
    )
    image: PinnedImage | None = Field(
        default=None,
        description="The guard's image by its digest, as the release workflow prints it. Required where it is enabled.",
    )
    isolation: Literal["continue", "fence"] = Field(
        default="fence",
        description="What the writing region does when it cannot reach the record. `fence`: it stops writing after "
        "`ttl`, so two regions never write, and an outage of the store stops writes. `continue`: it goes on, so an "
        "outage of the store stops nothing, and after a failover rows may be written twice.",
    )
    ttl: int = Field(
        default=20,
        ge=10,
        le=300,
        description="Seconds for which a region may write on one reading of the record (`fence`). A failover waits for "
        "what is left of it.",
    )
    margin: int = Field(
        default=3, ge=1, le=60, description="Seconds added to that wait: clocks that count at different speed."
    )
    account_id: CloudflareId = Field(default="", description="The Cloudflare account that owns the bucket.")
    bucket: BucketSettings = Field(
        default=BucketSettings(name="openova-authority", location="enam"),
        description="The bucket of the record, in none of the regions. One of its own: its keys lie on every node.",
    )
    endpoint: HttpsUrl | None = Field(
        default=None,
        description="Another S3 store than R2, which must heed If-Match and If-None-Match of a PutObject. Its bucket "
        "is yours to make.",
    )
    certificate: str | None = Field(
        default=None,
        description="An authority (PEM) that signs that store's certificate, where it is none that everybody trusts.",
    )
