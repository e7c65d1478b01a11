"""Certificates for servers of the lab, as files."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAYS: Final = 30


def self_signed(certificate: Path, key: Path, address: str) -> str:
    """Writes a key and a certificate of the IP address, which is its own authority; the certificate's text.

    The key is PEM as SEC 1 has it: Kubernetes takes it for service accounts too, and there in no newer form.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    _write_key(key, private)
    return _write(
        certificate, _builder(private, authority=True).add_extension(_names(address), critical=False), private
    )


def issued(certificate: Path, key: Path, authority: Path, address: str) -> str:
    """The same signed by an authority of its own, whose certificate is written and given back: some clients take no
    authority for a server."""
    private, signing = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    _write_key(key, private)
    _write(certificate, _builder(private, authority=False).add_extension(_names(address), critical=False), signing)
    return _write(authority, _builder(signing, authority=True), signing)


def _builder(private: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.CertificateBuilder:
    subject, issuer = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("lab" if authority else "server", "lab")
    )
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )


def _names(address: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])


def _write(certificate: Path, builder: x509.CertificateBuilder, signing: ec.EllipticCurvePrivateKey) -> str:
    text = builder.sign(signing, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    certificate.write_text(text)
    return text


def _write_key(key: Path, private: ec.EllipticCurvePrivateKey) -> None:
    key.touch(0o600)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
