"""How servers at Contabo are found or ordered. Nothing is ordered unless `orders` says so."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from settings.base import Settings
from settings.formats import Form
from settings.problems import broken

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

ProductId = Annotated[str, Field(pattern=r"^V[1-9][0-9]{0,3}$"), Form("product id such as V92")]
ImageId = Annotated[str, Field(pattern=_UUID), Form("image id (UUID)")]
RequestId = Annotated[str, Field(pattern=_UUID), Form("request id (UUID)")]
PublicKey = Annotated[
    str,
    Field(pattern=r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/=]+( .*)?$"),
    Form("SSH public key (OpenSSH)"),
]
SecretId = Annotated[int, Field(ge=1), Form("number of a secret at Contabo")]


class ContaboSettings(Settings):
    """The region's servers that are ordered at Contabo, or adopted there by their names; see docs/contabo.md."""

    orders: Literal["refuse", "place"] = Field(
        default="refuse",
        description="`refuse`: servers are found by their exact names, none is ordered. `place`: a server that is not "
        "there is ordered, which costs money from that moment.",
    )
    product_id: ProductId = Field(description="What is ordered, such as V92 (VPS 10 SSD).")
    image_id: ImageId = Field(description="The image, of Debian 12 or Ubuntu 24.04: `cntb get images`.")
    data_center: str = Field(
        min_length=1,
        description="The data centre as Contabo names it in the list of servers, such as European Union 1. It cannot "
        "be chosen, only checked.",
    )
    period: Literal[1, 3, 6, 12, 24] = Field(default=1, description="First contract period, in months.")
    authorized_keys: tuple[PublicKey, ...] = Field(default=(), description="Who may log in as root.")
    ssh_key_ids: tuple[SecretId, ...] = Field(
        default=(), description="The same, as numbers of public keys that are kept at Contabo (`cntb get secrets`)."
    )
    same_host: Literal["refuse", "accept"] = Field(
        default="refuse", description="Whether two servers of the region may be on one physical machine."
    )
    acknowledged: tuple[RequestId, ...] = Field(
        default=(), description="Orders of which you know that no server comes from them (any more)."
    )

    @model_validator(mode="after")
    def _somebody_may_log_in(self) -> ContaboSettings:
        if not self.authorized_keys and not self.ssh_key_ids:
            raise broken(
                "An ordered server needs a public key that may log in.",
                "It would be paid for and nobody could reach it: passwords are off.",
                "Set 'authorizedKeys' to the line that `ssh-add -L` shows, or 'sshKeyIds'.",
            )
        return self
