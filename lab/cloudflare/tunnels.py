"""Cloudflare Tunnels: their routes, and the token that lets a connector serve one."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from lab.cloudflare.account import Account, Object, now
from lab.cloudflare.errors import ApiError
from lab.cloudflare.request import Answer, Body, Request


class TunnelBody(Body):
    """A new tunnel. The secret is thirty-two bytes or more, in base64; without one Cloudflare makes it."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    config_src: Literal["local", "cloudflare"] = "local"
    tunnel_secret: str | None = None


class TunnelChange(Body):
    """What can be changed."""

    name: str | None = None
    tunnel_secret: str | None = None


class Ingress(Body):
    """One route. Only the last has neither host name nor path."""

    hostname: str | None = None
    path: str | None = None
    service: Annotated[str, Field(min_length=1)]
    originRequest: Mapping[str, Any] | None = None  # noqa: N815 the API's own name


class Routes(Body):
    """A connector's configuration, as Cloudflare keeps it."""

    ingress: Annotated[list[Ingress], Field(min_length=1)] | None = None
    originRequest: Mapping[str, Any] | None = None  # noqa: N815


class Configuration(Body):
    """The same in its envelope."""

    config: Routes
    source: Literal["local", "cloudflare"] | None = None


def list_tunnels(account: Account, request: Request) -> Answer:
    """Every tunnel; deleted ones are kept, and shown unless `is_deleted` is false."""
    found = [shown(one) for one in account.tables["tunnels"].values()]
    if "name" in request.query:
        found = [one for one in found if one["name"] == request.query["name"]]
    if "is_deleted" in request.query:
        wanted = request.query["is_deleted"] == "true"
        found = [one for one in found if (one["deleted_at"] is not None) == wanted]
    return Answer(found)


def get_tunnel(account: Account, request: Request) -> Answer:
    """One tunnel; a deleted one is still found, with the time of its end."""
    return Answer(shown(_one(account, request)))


def create_tunnel(account: Account, request: Request) -> Answer:
    """Make a tunnel."""
    body = request.body(TunnelBody)
    _unique(account, body.name)
    id_ = str(uuid.uuid4())
    one: Object = {
        "id": id_,
        "account_tag": account.contract.account_id,
        "created_at": now(),
        "deleted_at": None,
        "name": body.name,
        "connections": [],
        "conns_active_at": None,
        "conns_inactive_at": now(),
        "tun_type": "cfd_tunnel",
        "metadata": {},
        "status": "inactive",
        "remote_config": body.config_src == "cloudflare",
        "config_src": body.config_src,
        "_secret": body.tunnel_secret or base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    account.tables["tunnels"][id_] = one
    account.changed()
    return Answer(shown(one))


def edit_tunnel(account: Account, request: Request) -> Answer:
    """Rename a tunnel, or give it another secret."""
    one = _living(account, request)
    body = request.body(TunnelChange)
    if body.name and body.name != one["name"]:
        _unique(account, body.name)
        one["name"] = body.name
    if body.tunnel_secret:
        one["_secret"] = body.tunnel_secret
    account.changed()
    return Answer(shown(one))


def delete_tunnel(account: Account, request: Request) -> Answer:
    """End a tunnel that no connector serves."""
    one = _living(account, request)
    if one["connections"]:
        raise ApiError(400, 1022, "Cannot delete tunnel because it has active connections")
    one["deleted_at"] = now()
    account.changed()
    return Answer(shown(one))


def get_token(account: Account, request: Request) -> Answer:
    """The token: base64 of the account, the tunnel and its secret."""
    one = _living(account, request)
    parts = {"a": account.contract.account_id, "t": one["id"], "s": one["_secret"]}
    return Answer(base64.b64encode(json.dumps(parts).encode()).decode())


def get_configuration(account: Account, request: Request) -> Answer:
    """A tunnel's routes."""
    one = _living(account, request)
    kept = account.tables["configurations"].get(one["id"])
    return Answer(kept or {"tunnel_id": one["id"], "version": 0, "config": None, "source": one["config_src"]})


def put_configuration(account: Account, request: Request) -> Answer:
    """Change a tunnel's routes; they cannot be taken away again, only changed."""
    one = _living(account, request)
    body = request.body(Configuration)
    rules = body.config.ingress or []
    if rules and (rules[-1].hostname or rules[-1].path):
        raise ApiError(400, 1056, "Bad Configuration: The last ingress rule must match all URLs")
    if any(not rule.hostname and not rule.path for rule in rules[:-1]):
        raise ApiError(400, 1056, "Bad Configuration: only the last ingress rule may match all URLs")
    before = account.tables["configurations"].get(one["id"], {"version": 0, "created_at": now()})
    kept: Object = {
        "account_id": account.contract.account_id,
        "tunnel_id": one["id"],
        "version": before["version"] + 1,
        "config": body.config.model_dump(exclude_none=True),
        "source": body.source or "cloudflare",
        "created_at": before["created_at"],
    }
    account.tables["configurations"][one["id"]] = kept
    account.changed()
    return Answer(kept)


def shown(one: Object) -> Object:
    """A tunnel without its secret."""
    return {key: value for key, value in one.items() if not key.startswith("_")}


def _unique(account: Account, name: str) -> None:
    if any(one["name"] == name and one["deleted_at"] is None for one in account.tables["tunnels"].values()):
        raise ApiError(
            409,
            1013,
            "You already have a tunnel with this name. Delete the existing tunnel, or choose a different name for "
            "your new tunnel",
        )


def _one(account: Account, request: Request) -> Object:
    one = account.tables["tunnels"].get(request.path["id"])
    if one is None:
        raise ApiError(404, 1003, "Tunnel not found")
    return one


def _living(account: Account, request: Request) -> Object:
    one = _one(account, request)
    if one["deleted_at"] is not None:
        raise ApiError(404, 1003, "Tunnel not found")
    return one
