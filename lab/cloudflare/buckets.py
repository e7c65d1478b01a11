"""R2 buckets: found only in their own jurisdiction, which a header names."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lab.cloudflare.account import Account, Object, now
from lab.cloudflare.errors import ApiError
from lab.cloudflare.request import Answer, Body, Request

JURISDICTION = "cf-r2-jurisdiction"
STORAGE_CLASS = "cf-r2-storage-class"
_JURISDICTIONS = ("default", "eu", "us", "fedramp", "fedramp-high")
_CLASSES = ("Standard", "InfrequentAccess")


class BucketBody(Body):
    """A new bucket."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
    locationHint: Literal["apac", "eeur", "enam", "weur", "wnam", "oc"] | None = None  # noqa: N815 the API's own name
    storageClass: Literal["Standard", "InfrequentAccess"] = "Standard"  # noqa: N815


def list_buckets(account: Account, request: Request) -> Answer:
    """The buckets of one jurisdiction."""
    asked = _jurisdiction(request)
    return Answer({"buckets": [one for one in account.tables["buckets"].values() if one["jurisdiction"] == asked]})


def get_bucket(account: Account, request: Request) -> Answer:
    """One bucket."""
    return Answer(_one(account, request))


def create_bucket(account: Account, request: Request) -> Answer:
    """Make a bucket."""
    body = request.body(BucketBody)
    jurisdiction = _jurisdiction(request)
    key = f"{jurisdiction}/{body.name}"
    if key in account.tables["buckets"]:
        raise ApiError(409, 10004, "The bucket you tried to create already exists, and you own it.")
    one: Object = {
        "name": body.name,
        "creation_date": now(),
        "location": (body.locationHint or "enam").upper(),
        "storage_class": body.storageClass,
        "jurisdiction": jurisdiction,
    }
    account.tables["buckets"][key] = one
    account.changed()
    return Answer(one)


def edit_bucket(account: Account, request: Request) -> Answer:
    """Change the storage class, which a header names; nothing else of a bucket can be changed."""
    one = _one(account, request)
    asked = request.headers.get(STORAGE_CLASS, one["storage_class"])
    if asked not in _CLASSES:
        raise ApiError(400, 10062, f"The storage class {asked!r} is not valid.")
    one["storage_class"] = asked
    account.changed()
    return Answer(one)


def delete_bucket(account: Account, request: Request) -> Answer:
    """Remove a bucket; one with objects in it is refused by the real API, and here none has any."""
    del account.tables["buckets"][f"{_jurisdiction(request)}/{_one(account, request)['name']}"]
    account.changed()
    return Answer({})


def _jurisdiction(request: Request) -> str:
    asked = request.headers.get(JURISDICTION) or "default"
    if asked not in _JURISDICTIONS:
        raise ApiError(400, 10030, f"The jurisdiction {asked!r} is not valid.")
    return asked


def _one(account: Account, request: Request) -> Object:
    one = account.tables["buckets"].get(f"{_jurisdiction(request)}/{request.path['id']}")
    if one is None:
        raise ApiError(404, 10006, "The specified bucket does not exist.")
    return one
