"""The stack `shared`: what several regions use and none of them owns.

It references nobody, so that no secret's owner depends on who is primary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.backup.buckets import BackupBuckets, BackupBucketsArgs, Bucket
from components.edge.tunnel import CloudflareTunnel, CloudflareTunnelArgs
from components.keys import (
    K3sTokens,
    K3sTokensArgs,
    MeshKeys,
    MeshKeysArgs,
    MongodbKeys,
    MongodbKeysArgs,
    PostgresKeys,
    PostgresKeysArgs,
)
from regions.contract import SharedOutputs, export
from regions.inputs import SecretInput
from regions.members import certificate_names
from settings.naming import INGRESS_SERVICE, edge_hosts
from settings.platform import Platform
from settings.residency import bucket_placement
from settings.secrets import (
    GUARD_ACCESS_KEY_ID,
    GUARD_SECRET_ACCESS_KEY,
    R2_ACCESS_KEY_ID,
    R2_SECRET_ACCESS_KEY,
)
from settings.stacks import SharedStack

BUCKET = "backups"
RECORD = "record"


def compose_shared(platform: Platform, stack: SharedStack, secret_input: SecretInput) -> None:
    """Register everything of the stack `shared`, and export it."""
    mesh = MeshKeys(
        "mesh-keys",
        MeshKeysArgs(
            nodes=tuple(node for line in platform.sites for node in line.nodes),
            revision=platform.mesh.revision,
            protect=stack.protect,
        ),
    )
    tokens = K3sTokens("k3s-tokens", K3sTokensArgs(clusters=platform.site_codes, protect=stack.protect))
    postgres = PostgresKeys("postgres-keys", PostgresKeysArgs(protect=stack.protect))
    backup, credentials = _backups(platform, stack, secret_input)
    guard, guard_credentials = _guard(platform, stack, secret_input)
    export(
        SharedOutputs(
            mesh_public_keys=mesh.public_keys,
            mesh_private_keys=mesh.private_keys,
            k3s_tokens=tokens.tokens,
            postgres_keys={
                "certificate": postgres.certificate,
                "privateKey": postgres.private_key,
                "ownerPassword": postgres.owner_password,
                "replicationPassword": postgres.replication_password,
            },
            mongodb_keys=_mongodb(platform, stack),
            backup=backup,
            backup_credentials=credentials,
            guard=guard,
            guard_credentials=guard_credentials,
            tunnel_token=_tunnel(platform, stack),
        )
    )


def _mongodb(platform: Platform, stack: SharedStack) -> Mapping[str, Any]:
    if not platform.mongodb.enabled:
        return {}
    keys = MongodbKeys("mongodb-keys", MongodbKeysArgs(names=certificate_names(platform), protect=stack.protect))
    return {
        "certificateAuthority": keys.certificate_authority,
        "certificate": keys.certificate,
        "privateKey": keys.private_key,
        "keyfile": keys.keyfile,
        "encryptionKey": keys.encryption_key,
        "passwords": keys.passwords,
    }


def _backups(
    platform: Platform, stack: SharedStack, secret_input: SecretInput
) -> tuple[Mapping[str, pulumi.Input[str]], Mapping[str, pulumi.Input[str]]]:
    settings = platform.backups
    if not settings.enabled:
        return {}, {}
    location, jurisdiction = bucket_placement(platform)
    buckets = BackupBuckets(
        "backups",
        BackupBucketsArgs(
            account_id=settings.account_id,
            buckets={
                BUCKET: Bucket(
                    name=settings.bucket.name,
                    location=location,
                    jurisdiction=jurisdiction,
                )
            },
            protect=stack.protect,
        ),
    )
    return (
        {"bucket": settings.bucket.name, "endpoint": buckets.endpoints[BUCKET]},
        {
            "accessKeyId": secret_input(R2_ACCESS_KEY_ID),
            "secretAccessKey": secret_input(R2_SECRET_ACCESS_KEY),
        },
    )


def _guard(
    platform: Platform, stack: SharedStack, secret_input: SecretInput
) -> tuple[Mapping[str, pulumi.Input[str]], Mapping[str, pulumi.Input[str]]]:
    """The bucket of the record: of no region, and not that of the backups."""
    settings = platform.guard
    if not platform.guarded:
        return {}, {}
    endpoint: pulumi.Input[str] = settings.endpoint or ""
    if settings.endpoint is None:
        bucket = Bucket(
            name=settings.bucket.name,
            location=settings.bucket.location or "enam",
            jurisdiction=settings.bucket.jurisdiction or "default",
        )
        args = BackupBucketsArgs(account_id=settings.account_id, buckets={RECORD: bucket}, protect=stack.protect)
        endpoint = BackupBuckets("authority", args).endpoints[RECORD]
    return (
        {"bucket": settings.bucket.name, "endpoint": endpoint},
        {
            "accessKeyId": secret_input(GUARD_ACCESS_KEY_ID),
            "secretAccessKey": secret_input(GUARD_SECRET_ACCESS_KEY),
        },
    )


def _tunnel(platform: Platform, stack: SharedStack) -> pulumi.Input[str]:
    if platform.edge.mode != "tunnel":
        return ""
    return CloudflareTunnel(
        "tunnel",
        CloudflareTunnelArgs(
            account_id=platform.edge.account_id,
            zone_id=platform.edge.zone_id,
            tunnel_name=f"openova-{platform.domain}".replace(".", "-"),
            hosts=edge_hosts(platform),
            service=INGRESS_SERVICE,
            protect=stack.protect,
        ),
    ).token
