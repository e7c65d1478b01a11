"""A certificate authority of the platform's own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

TEN_YEARS_HOURS = 10 * 365 * 24


@dataclass(frozen=True, kw_only=True)
class CertificateAuthorityArgs:
    """`common_name` of the authority; `protect` its key: with it gone, every client must be given a new one."""

    common_name: str
    protect: bool


class CertificateAuthority(pulumi.ComponentResource):
    """A self-signed authority on P-256. The key is PEM `EC PRIVATE KEY` (SEC1), the form that CloudNativePG reads."""

    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]

    def __init__(self, name: str, args: CertificateAuthorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:keys:CertificateAuthority", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        key = tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=kept)
        authority = tls.SelfSignedCert(
            f"{name}-certificate",
            private_key_pem=key.private_key_pem,
            subject={"common_name": args.common_name},
            is_ca_certificate=True,
            set_subject_key_id=True,
            validity_period_hours=TEN_YEARS_HOURS,
            allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
            opts=kept,
        )
        self.private_key = key.private_key_pem
        self.certificate = authority.cert_pem
        self.register_outputs({"certificate": self.certificate})
