"""Buckets in Cloudflare R2: for backups, and for the record of who may write."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.backup.endpoint import Jurisdiction, Location, r2_endpoint


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """One bucket. `name` is unique in the account; `jurisdiction` cannot be changed later."""

    name: str
    location: Location | None = None
    jurisdiction: Jurisdiction = "default"


@dataclass(frozen=True, kw_only=True)
class BackupBucketsArgs:
    """The account that pays, and the buckets by the key under which the caller finds them again."""

    account_id: pulumi.Input[str]
    buckets: dict[str, Bucket]
    protect: bool = True


class BackupBuckets(pulumi.ComponentResource):
    """R2 buckets that outlive the stack.

    `names` and `endpoints` give each bucket's name and S3 endpoint by its key.
    """

    names: dict[str, pulumi.Output[str]]
    endpoints: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: BackupBucketsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:backup:BackupBuckets", name, None, opts)
        self.names = {key: self._bucket(f"{name}-{key}", bucket, args).name for key, bucket in args.buckets.items()}
        self.endpoints = {
            key: r2_endpoint(args.account_id, bucket.jurisdiction) for key, bucket in args.buckets.items()
        }
        self.register_outputs({"names": self.names, "endpoints": self.endpoints})

    def _bucket(self, name: str, bucket: Bucket, args: BackupBucketsArgs) -> cloudflare.R2Bucket:
        return cloudflare.R2Bucket(
            name,
            account_id=args.account_id,
            name=bucket.name,
            location=bucket.location,
            jurisdiction=bucket.jurisdiction,
            storage_class="Standard",
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                # The last copy of the data outlives the stack: it is what a lost account of everything else
                # is restored from. Whoever wants it gone empties and deletes the bucket by hand.
                retain_on_delete=True,
            ),
        )
