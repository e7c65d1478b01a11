"""Keys, passwords and certificates in the place of pulumi-random and pulumi-tls: real ones, made here."""

from __future__ import annotations

import base64
import datetime
import os
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

Outputs = Mapping[str, Any]


def _password(inputs: Mapping[str, Any]) -> Outputs:
    alphabet = string.ascii_letters + string.digits
    return {"result": "".join(secrets.choice(alphabet) for _ in range(int(inputs["length"])))}


def _bytes(inputs: Mapping[str, Any]) -> Outputs:
    value = os.urandom(int(inputs["length"]))
    return {"base64": base64.b64encode(value).decode(), "hex": value.hex()}


def _private_key(inputs: Mapping[str, Any]) -> Outputs:
    if inputs["algorithm"] != "ECDSA":
        raise NotImplementedError(f"The lab makes no keys of the kind {inputs['algorithm']}.")
    key = ec.generate_private_key(ec.SECP256R1())
    return {
        # SEC 1, as pulumi-tls has it and CloudNativePG wants it.
        "privateKeyPem": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
        "publicKeyPem": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    }


def _self_signed(inputs: Mapping[str, Any]) -> Outputs:
    key = load_pem_private_key(inputs["privateKeyPem"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, inputs["subject"]["commonName"])])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=int(inputs["validityPeriodHours"])))
        .add_extension(x509.BasicConstraints(ca=bool(inputs.get("isCaCertificate")), path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return {"certPem": certificate.public_bytes(Encoding.PEM).decode()}


MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Outputs]]] = {
    "random:index/randomBytes:RandomBytes": _bytes,
    "random:index/randomPassword:RandomPassword": _password,
    "tls:index/privateKey:PrivateKey": _private_key,
    "tls:index/selfSignedCert:SelfSignedCert": _self_signed,
}
"""By the resource's type: from its inputs to what the provider would add, all of it secret but certificates and public
keys."""

PUBLIC: Final = frozenset({"certPem", "publicKeyPem"})
