"""What PostgreSQL clusters of different regions must have in common to trust each other."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_random as random

from components.keys.authority import CertificateAuthority, CertificateAuthorityArgs


@dataclass(frozen=True, kw_only=True)
class PostgresKeysArgs:
    """`protect` what the clusters cannot lose."""

    protect: bool


class PostgresKeys(pulumi.ComponentResource):
    """One authority for server and client certificates of all regions, the owner's password and the
    password of the replication role. Each region's operator issues its own leaf certificates."""

    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]
    owner_password: pulumi.Output[str]
    replication_password: pulumi.Output[str]

    def __init__(self, name: str, args: PostgresKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:keys:PostgresKeys", name, None, opts)
        authority = CertificateAuthority(
            f"{name}-ca",
            CertificateAuthorityArgs(common_name="openova postgresql", protect=args.protect),
            opts=pulumi.ResourceOptions(parent=self),
        )
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        self.owner_password = random.RandomPassword(f"{name}-owner", length=32, special=False, opts=kept).result
        self.replication_password = random.RandomPassword(
            f"{name}-replication", length=32, special=False, opts=kept
        ).result
        self.certificate = authority.certificate
        self.private_key = authority.private_key
        self.register_outputs({"certificate": self.certificate})
