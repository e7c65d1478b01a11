"""What the members of a replica set over several clusters must have in common."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_random as random
import pulumi_tls as tls

from components.keys.authority import CertificateAuthority, CertificateAuthorityArgs

ONE_YEAR_HOURS = 365 * 24
THIRTY_DAYS_HOURS = 30 * 24
KEYFILE_BYTES = 756
"""1008 base64 characters; MongoDB accepts 6 to 1024 (manual, keyfile security)."""

USERS = ("backup", "databaseAdmin", "clusterAdmin", "clusterMonitor", "userAdmin", "app")
"""Whose passwords are made: the five users that the operator works with, and the applications'."""


@dataclass(frozen=True, kw_only=True)
class MongodbKeysArgs:
    """`names` are all DNS names under which any member can be reached, spares included."""

    names: tuple[str, ...]
    protect: bool


class MongodbKeys(pulumi.ComponentResource):
    """One certificate for all names, the keyfile, the key of the encryption at rest and the users' passwords.

    `passwords` are by user, as in `USERS`.
    """

    certificate_authority: pulumi.Output[str]
    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]
    keyfile: pulumi.Output[str]
    encryption_key: pulumi.Output[str]
    passwords: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: MongodbKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:keys:MongodbKeys", name, None, opts)
        here = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        authority = CertificateAuthority(
            f"{name}-ca",
            CertificateAuthorityArgs(common_name="openova mongodb", protect=args.protect),
            opts=here,
        )
        key = tls.PrivateKey(f"{name}-member-key", algorithm="ECDSA", ecdsa_curve="P256", opts=kept)
        self.certificate = self._certificate(name, args.names, authority, key)
        self.certificate_authority = authority.certificate
        self.private_key = key.private_key_pem
        self.keyfile = random.RandomBytes(f"{name}-keyfile", length=KEYFILE_BYTES, opts=kept).base64
        self.encryption_key = random.RandomBytes(f"{name}-encryption-key", length=32, opts=kept).base64
        self.passwords = pulumi.Output.all(
            **{
                user: random.RandomPassword(f"{name}-{user}", length=32, special=False, opts=kept).result
                for user in USERS
            }
        )
        self.register_outputs({"certificateAuthority": self.certificate_authority})

    def _certificate(
        self, name: str, names: tuple[str, ...], authority: CertificateAuthority, key: tls.PrivateKey
    ) -> pulumi.Output[str]:
        request = tls.CertRequest(
            f"{name}-member-request",
            private_key_pem=key.private_key_pem,
            subject={"common_name": "openova mongodb member", "organization": "openova"},
            dns_names=list(names),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return tls.LocallySignedCert(
            f"{name}-member",
            cert_request_pem=request.cert_request_pem,
            ca_cert_pem=authority.certificate,
            ca_private_key_pem=authority.private_key,
            validity_period_hours=ONE_YEAR_HOURS,
            early_renewal_hours=THIRTY_DAYS_HOURS,
            allowed_uses=["digital_signature", "key_encipherment", "server_auth", "client_auth"],
            opts=pulumi.ResourceOptions(parent=self),
        ).cert_pem
