"""The forms of settings as types. `Form` says each in words, for docs/settings.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings import geography, validators
from settings.aws import AWS_REGION_CODES


@dataclass(frozen=True)
class Form:
    """How the reference names a form."""

    words: str


Product = Annotated[str, Field(min_length=1), Form("product")]
Location = Annotated[str, Form("location")]
Fqdn = Annotated[str, AfterValidator(validators.fqdn), Form("domain name")]
Label = Annotated[str, AfterValidator(validators.label), Form("name (lower-case letters, digits, hyphens)")]
RegionCode = Annotated[str, AfterValidator(validators.region_code), Form("region code")]
NodeName = Annotated[str, AfterValidator(validators.node_name), Form("node name")]
HostKey = Annotated[str, AfterValidator(validators.host_key), Form("ed25519 public key (OpenSSH)")]
Address = Annotated[str, AfterValidator(validators.address), Form("IP address")]
Cidr = Annotated[str, AfterValidator(validators.cidr), Form("network (CIDR)")]
PrivateCidr = Annotated[str, AfterValidator(validators.private_cidr), Form("private IPv4 network (CIDR)")]
Quantity = Annotated[str, AfterValidator(validators.quantity), Form("quantity such as 50Gi")]
Cron = Annotated[str, AfterValidator(validators.cron), Form("schedule of six fields (seconds first)")]
CountryCode = Annotated[
    str,
    AfterValidator(validators.one_of(geography.COUNTRY_CODES, "ISO 3166-1 country code", "DE or IN")),
    Form("country code (ISO 3166-1)"),
]
PopCode = Annotated[
    str,
    AfterValidator(validators.one_of(geography.POP_CODES, "Cloudflare PoP", "FRA or BOM")),
    Form("Cloudflare PoP code"),
]
AreaCode = Annotated[
    str,
    AfterValidator(validators.one_of(geography.REGION_CODES, "Cloudflare region code", "WEU or SAS")),
    Form("Cloudflare region code"),
]
CloudflareId = Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$"), Form("32 hexadecimal digits, or empty")]
HostedZoneId = Annotated[str, Field(pattern=r"^(Z[0-9A-Z]{1,31})?$"), Form("id that begins with Z, or empty")]
AwsAccountId = Annotated[str, Field(pattern=r"^([0-9]{12})?$"), Form("12 digits, or empty")]
AwsRegion = Annotated[
    str,
    AfterValidator(validators.one_of(AWS_REGION_CODES, "AWS region", "eu-central-1 or ap-south-1")),
    Form("AWS region"),
]
Sha256 = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$"), Form("64 hexadecimal digits, or empty")]
HttpsUrl = Annotated[str, Field(pattern=r"^https://\S+$"), Form("https URL")]
UrlPath = Annotated[str, Field(pattern=r"^/\S*$"), Form("path that begins with /")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"), Form("e-mail address")]
PinnedImage = Annotated[str, Field(pattern=r"^.+@sha256:[0-9a-f]{64}$"), Form("image reference with @sha256 digest")]
Cpu = Annotated[str, Field(pattern=r"^[0-9]+(m|\.[0-9]+)?$"), Form("processors such as 1 or 500m")]
Port = Annotated[int, Field(ge=1, le=65535), Form("port")]
NodePort = Annotated[int, Field(ge=30000, le=32767), Form("port from 30000 to 32767")]
Euro = Annotated[float, Field(ge=0), Form("amount in EUR")]
Dollar = Annotated[float, Field(ge=0), Form("amount in USD")]
Milliseconds = Annotated[int, Field(ge=0, le=5000), Form("milliseconds")]
Latitude = Annotated[float, Field(ge=-90, le=90), Form("degrees, -90 to 90")]
Longitude = Annotated[float, Field(ge=-180, le=180), Form("degrees, -180 to 180")]
Tier = Literal["free", "pro", "business", "enterprise"]
Phase = Literal["single", "read-replicas", "active-active"]
