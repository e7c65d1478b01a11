"""The certificates with which the operator and its plugin know each other.

The plugin's chart asks cert-manager for two self-signed certificates and nothing else. Three more pods
on every small cluster for two files is a bad bargain, so they are made here.
"""

from __future__ import annotations

from typing import Final, Literal

import pulumi
import pulumi_tls as tls
from pulumi_kubernetes.core.v1 import Secret

from components.kubernetes import TLS, secret

Side = Literal["server", "client"]

SERVICE_NAME: Final = "barman-cloud"
"""The plugin's Service, which its chart does not let anybody rename: the name that the operator verifies."""

VALIDITY_HOURS: Final = 10 * 365 * 24
RENEWAL_HOURS: Final = 365 * 24
"""Renewed by any `up` in the last year of ten."""


def plugin_certificate(name: str, side: Side, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> Secret:
    """One side's self-signed certificate, in the Secret that the chart mounts for it."""
    common_name = SERVICE_NAME if side == "server" else f"{SERVICE_NAME}-client"
    key = tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    certificate = tls.SelfSignedCert(
        f"{name}-certificate",
        private_key_pem=key.private_key_pem,
        subject=tls.SelfSignedCertSubjectArgs(common_name=common_name),
        dns_names=[common_name],
        allowed_uses=["digital_signature", f"{side}_auth"],
        validity_period_hours=VALIDITY_HOURS,
        early_renewal_hours=RENEWAL_HOURS,
        opts=opts,
    )
    return secret(
        f"{name}-secret",
        f"{SERVICE_NAME}-{side}-tls",
        namespace,
        {"tls.crt": certificate.cert_pem, "tls.key": key.private_key_pem},
        type_=TLS,
        opts=opts,
    )
