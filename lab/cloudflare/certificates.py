"""Certificates of the edge: the universal one, advanced ones that were ordered, and Total TLS."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lab.cloudflare.account import Account, Object, new_id, now
from lab.cloudflare.errors import ApiError
from lab.cloudflare.request import Answer, Body, Request


class PackBody(Body):
    """An advanced certificate."""

    type: Literal["advanced"]
    hosts: Annotated[list[str], Field(min_length=1, max_length=50)]
    validation_method: Literal["txt", "http", "email"]
    validity_days: Literal[14, 30, 90, 365]
    certificate_authority: Literal["google", "lets_encrypt", "ssl_com"]
    cloudflare_branding: bool = False


class TotalTlsBody(Body):
    """Total TLS: a certificate for every proxied name, however deep."""

    enabled: bool
    certificate_authority: Literal["google", "lets_encrypt", "ssl_com"] | None = None


def universal(account: Account, request: Request) -> Answer:
    """Universal SSL is on."""
    return Answer({"enabled": True})


def list_packs(account: Account, request: Request) -> Answer:
    """The universal certificate and those that were ordered."""
    zone = account.contract.zone
    packs = [
        _pack(account.contract.zone_id, "universal", [zone, f"*.{zone}"]),
        *account.tables["certificate_packs"].values(),
    ]
    return Answer(packs)


def get_pack(account: Account, request: Request) -> Answer:
    """One that was ordered."""
    return Answer(_one_pack(account, request))


def order_pack(account: Account, request: Request) -> Answer:
    """Order an advanced certificate."""
    if not account.contract.advanced_certificates:
        raise ApiError(403, 1450, "The zone has no access to Advanced Certificate Manager")
    body = request.body(PackBody)
    zone = account.contract.zone
    if outside := [host for host in body.hosts if host != zone and not host.endswith(f".{zone}")]:
        raise ApiError(400, 1434, f"Host {outside[0]} is not in the zone")
    pack = {**_pack(new_id(), "advanced", body.hosts), **body.model_dump()}
    account.tables["certificate_packs"][pack["id"]] = pack
    account.changed()
    return Answer(pack)


def delete_pack(account: Account, request: Request) -> Answer:
    """Remove one that was ordered."""
    one = _one_pack(account, request)
    del account.tables["certificate_packs"][one["id"]]
    account.changed()
    return Answer({"id": one["id"]})


def get_total_tls(account: Account, request: Request) -> Answer:
    """Whether Total TLS is on."""
    return Answer(account.total_tls)


def set_total_tls(account: Account, request: Request) -> Answer:
    """Turn Total TLS on or off."""
    if not account.contract.advanced_certificates:
        raise ApiError(403, 1450, "The zone has no access to Advanced Certificate Manager")
    body = request.body(TotalTlsBody)
    authority = body.certificate_authority or "google"
    account.total_tls = {"enabled": body.enabled, "certificate_authority": authority, "validity_period": 90}
    account.changed()
    return Answer(account.total_tls)


def certificate_for(account: Account, host: str) -> str:
    """`universal`, `advanced` or `none`: which certificate the edge would show for a proxied name."""
    zone = account.contract.zone
    if host == zone or host.partition(".")[2] == zone:
        return "universal"
    names = {name for pack in account.tables["certificate_packs"].values() for name in pack["hosts"]}
    if account.total_tls["enabled"] or host in names or f"*.{host.partition('.')[2]}" in names:
        return "advanced"
    return "none"


def _one_pack(account: Account, request: Request) -> Object:
    one = account.tables["certificate_packs"].get(request.path["id"])
    if one is None:
        raise ApiError(404, 1415, "Certificate pack not found")
    return one


def _pack(id_: str, kind: str, hosts: list[str]) -> Object:
    return {"id": id_, "type": kind, "hosts": hosts, "status": "active", "certificates": [], "created_on": now()}
