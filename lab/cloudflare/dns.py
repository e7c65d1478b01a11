"""DNS records of the zone: full names are given back, a proxied record has no time to live of its own."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import Field

from lab.cloudflare.account import Account, Object, new_id, now
from lab.cloudflare.errors import ApiError
from lab.cloudflare.request import Answer, Body, Request

_AUTOMATIC = 1
_PROXIABLE = ("A", "AAAA", "CNAME")
_STAMPS = ("id", "created_on", "modified_on", "comment_modified_on", "proxiable", "meta", "settings")


class RecordSettings(Body):
    """Settings of a CNAME."""

    ipv4_only: bool | None = None
    ipv6_only: bool | None = None
    flatten_cname: bool | None = None


class RecordBody(Body):
    """A record of one of the types that the program uses, and TXT."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    type: Literal["A", "AAAA", "CNAME", "TXT"]
    content: str
    ttl: float = _AUTOMATIC
    proxied: bool = False
    comment: Annotated[str, Field(max_length=500)] | None = None
    tags: list[str] | None = None
    settings: RecordSettings | None = None


def list_records(account: Account, request: Request) -> Answer:
    """Every record; `type`, `name`, `content` and `name.exact` select."""
    wanted = {
        key.removesuffix(".exact"): request.query[key]
        for key in ("type", "name", "name.exact", "content", "content.exact")
        if key in request.query
    }
    return Answer(
        [
            one
            for one in account.tables["dns_records"].values()
            if all(one[key] == value for key, value in wanted.items())
        ]
    )


def get_record(account: Account, request: Request) -> Answer:
    """One record."""
    return Answer(_one(account, request))


def create_record(account: Account, request: Request) -> Answer:
    """Make a record."""
    stamp = now()
    return Answer(_write(account, request.body(RecordBody), {"id": new_id(), "created_on": stamp}))


def update_record(account: Account, request: Request) -> Answer:
    """Put a record in the place of what is there."""
    before = _one(account, request)
    return Answer(_write(account, request.body(RecordBody), before))


def edit_record(account: Account, request: Request) -> Answer:
    """Change what the body names."""
    before = _one(account, request)
    own = {key: value for key, value in before.items() if key not in _STAMPS}
    return Answer(_write(account, request.body(RecordBody, own), before))


def delete_record(account: Account, request: Request) -> Answer:
    """Remove a record."""
    one = _one(account, request)
    del account.tables["dns_records"][one["id"]]
    account.changed()
    return Answer({"id": one["id"]})


def _one(account: Account, request: Request) -> Object:
    one = account.tables["dns_records"].get(request.path["id"])
    if one is None:
        raise ApiError(404, 81044, "Record does not exist.")
    return one


def _write(account: Account, body: RecordBody, stamps: Object) -> Object:
    zone = account.contract.zone
    # A name that is not in the zone becomes one below it, as a name without the zone does.
    name = body.name if body.name == zone or body.name.endswith(f".{zone}") else f"{body.name}.{zone}"
    if body.name == "@":
        name = zone
    content = _content(body)
    _check(account, body, name, content, stamps["id"])
    proxied = body.proxied and body.type in _PROXIABLE
    one: Object = {
        "id": stamps["id"],
        "name": name.lower(),
        "type": body.type,
        "content": content,
        "proxiable": body.type in _PROXIABLE,
        "proxied": proxied,
        "ttl": _AUTOMATIC if proxied else body.ttl,
        "settings": _settings(body),
        "meta": {},
        "comment": body.comment,
        "tags": body.tags or [],
        "created_on": stamps["created_on"],
        "modified_on": now(),
    }
    if body.comment:
        kept = stamps.get("comment_modified_on") if stamps.get("comment") == body.comment else None
        one["comment_modified_on"] = kept or now()
    account.tables["dns_records"][one["id"]] = one
    account.changed()
    return one


def _settings(body: RecordBody) -> dict[str, Any]:
    if body.type != "CNAME":
        return {}
    return {"flatten_cname": False, **(body.settings.model_dump(exclude_none=True) if body.settings else {})}


def _content(body: RecordBody) -> str:
    version = {"A": 4, "AAAA": 6}.get(body.type)
    if version is None:
        return body.content
    try:
        address = ipaddress.ip_address(body.content)
    except ValueError:
        address = None
    if address is None or address.version != version:
        code = 9005 if version == 4 else 9006
        raise ApiError(400, code, f"Content for {body.type} record must be a valid IPv{version} address.")
    return str(address)


def _check(account: Account, body: RecordBody, name: str, content: str, id_: str) -> None:
    lowest = account.contract.limits.minimum_ttl_seconds
    if body.ttl != _AUTOMATIC and not lowest <= body.ttl <= 86400:
        raise ApiError(400, 9021, f"Invalid TTL. Must be between {lowest} and 86400 seconds, or 1 for Automatic.")
    if body.proxied and body.type not in _PROXIABLE:
        raise ApiError(400, 9004, "This record type cannot be proxied.")
    others = [one for one in account.tables["dns_records"].values() if one["id"] != id_ and one["name"] == name]
    if any((one["type"], one["content"]) == (body.type, content) for one in others):
        raise ApiError(400, 81058, "An identical record already exists.")
    if body.type == "CNAME" and any(one["type"] in _PROXIABLE for one in others):
        raise ApiError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
    if body.type in ("A", "AAAA") and any(one["type"] == "CNAME" for one in others):
        raise ApiError(400, 81054, "A CNAME record with that host already exists.")
