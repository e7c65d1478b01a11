"""What is asked of Contabo and what it answers, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.contabo.errors import ContaboError, NoAnswerError

RUNNING: Final = "running"

NEEDS_A_PERSON: Final[Mapping[str, str]] = {
    "manual_provisioning": "Contabo's staff sets it up by hand: wait for their e-mail",
    "pending_payment": "pay the open order in the customer panel (my.contabo.com)",
    "verification_required": "verify the account as Contabo's e-mail asks",
    "product_not_available": "the product is sold out there: ask Contabo's support to cancel this order; rename what "
    "is left of it in the panel, and set another 'contabo.productId'",
    "error": "ask Contabo's support, naming the server's id",
    "stopped": "start it in the customer panel",
    "rescue": "end the rescue system in the customer panel",
}
"""Statuses in which waiting does not help (Contabo's API reference, schema instanceStatus), and what does."""


@dataclass(frozen=True)
class Instance:
    """A server as Contabo lists it. `host` is the physical machine below it; None, as `address`, until there is one."""

    id: int
    display_name: str
    status: str
    data_center: str
    product_id: str
    address: str | None = None
    host: int | None = None
    cancel_date: str | None = None
    error: str = ""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Instance:
        """An item of Contabo's list. Raises NoAnswerError where it lacks what every server has."""
        try:
            return cls(
                id=int(data["instanceId"]),
                display_name=str(data["displayName"]),
                status=str(data["status"]),
                data_center=str(data.get("dataCenter") or ""),
                product_id=str(data.get("productId") or ""),
                address=((data.get("ipConfig") or {}).get("v4") or {}).get("ip") or None,
                host=int(data.get("vHostId") or 0) or None,
                cancel_date=data.get("cancelDate") or None,
                error=str(data.get("errorMessage") or ""),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NoAnswerError(f"the list has a server without {error}") from None


@dataclass(frozen=True, kw_only=True)
class Order:
    """The server that shall be there under the exact name `display_name`.

    Without `may_order` it is only looked for. `siblings` are the names of the servers that must not share
    a physical machine with it, unless `accept_shared_host`. `acknowledged` are the request ids of earlier
    orders of which a person knows that no server comes from them. `user_data` is secret (`cloud_config`).
    """

    display_name: str
    product_id: str
    image_id: str
    region: str
    data_center: str
    period: int
    may_order: bool
    user_data: str = field(repr=False)
    ssh_keys: tuple[int, ...] = ()
    siblings: tuple[str, ...] = ()
    acknowledged: tuple[str, ...] = ()
    accept_shared_host: bool = False

    def body(self) -> dict[str, Any]:
        """The body of the order (schema CreateInstanceRequest)."""
        return {
            "displayName": self.display_name,
            "productId": self.product_id,
            "imageId": self.image_id,
            "region": self.region,
            "period": self.period,
            "sshKeys": list(self.ssh_keys),
            "defaultUser": "root",
            "userData": self.user_data,
        }

    def check(self, instance: Instance) -> None:
        """Raises ContaboError where this is not the server that was wanted, or a person has to act."""
        if instance.data_center and instance.data_center != self.data_center:
            raise ContaboError(
                f"{self.display_name} shall stand in {self.data_center!r}; it stands in {instance.data_center!r}.",
                "Its latency, its region's failure domain or the place of the data would not be what you planned.",
                "Set 'contabo.dataCenter' to where it is if that is fine for all nodes of the region; otherwise "
                "cancel it in the customer panel and rename it there.",
            )
        if instance.cancel_date:
            raise ContaboError(
                f"{self.display_name} (id {instance.id}) is cancelled and ends on {instance.cancel_date}.",
                "A node would be set up on a server that goes away.",
                "Take the cancellation back in the customer panel; or rename the server there, and order a new one.",
            )
        if instance.status in NEEDS_A_PERSON:
            told = f" Contabo says: {instance.error}." if instance.error else ""
            raise ContaboError(
                f"{self.display_name} (id {instance.id}) has the status {instance.status!r}.{told}",
                "It does not become a running server by waiting. It was not ordered again.",
                f"{_sentence(NEEDS_A_PERSON[instance.status])} Then run pulumi up again: it is found by its name.",
            )

    def check_host(self, instance: Instance, every: Sequence[Instance]) -> None:
        """Raises ContaboError where a sibling is on the same physical machine."""
        if self.accept_shared_host or instance.host is None:
            return
        for other in every:
            if other.id != instance.id and other.display_name in self.siblings and other.host == instance.host:
                raise ContaboError(
                    f"{self.display_name} and {other.display_name} are on one physical machine (vHostId "
                    f"{instance.host}).",
                    "That machine's failure takes both: of three servers the majority, and etcd with it.",
                    "Ask Contabo's support to move one of them; or accept it with 'contabo.sameHost: accept'.",
                )


def cloud_config(host_private_key: str, host_public_key: str, authorized_keys: Sequence[str]) -> str:
    """cloud-init's user data: the server's only SSH host key, who may log in as root, and no passwords.

    The keys are in OpenSSH's formats. JSON is YAML, so that nothing needs quoting by hand.
    """
    config = {
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": host_private_key, "ed25519_public": host_public_key},
        "ssh_authorized_keys": list(authorized_keys),
        "disable_root": False,
        "ssh_pwauth": False,
    }
    return f"#cloud-config\n{json.dumps(config)}\n"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
