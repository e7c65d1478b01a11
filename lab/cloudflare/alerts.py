"""Notification policies and webhooks: making or changing one answers with its id and nothing else."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from lab.cloudflare.account import Account, Object, new_id, now
from lab.cloudflare.errors import ApiError
from lab.cloudflare.request import Answer, Body, Request

HEALTH_ALERT = "load_balancing_health_alert"


class Target(Body):
    """Somebody to tell: an e-mail address, or a webhook's id."""

    id: Annotated[str, Field(min_length=1)]


class Mechanisms(Body):
    """Everybody to tell."""

    email: list[Target] | None = None
    pagerduty: list[Target] | None = None
    webhooks: list[Target] | None = None


class Filters(Body):
    """What of load balancing is told; other alerts have other filters, which are not imitated."""

    pool_id: list[str] | None = None
    new_health: list[str] | None = None
    event_source: list[str] | None = None


class PolicyBody(Body):
    """A policy of the only alert that is imitated."""

    name: Annotated[str, Field(min_length=1)]
    alert_type: Annotated[str, Field(pattern=f"^{HEALTH_ALERT}$")]
    mechanisms: Mechanisms
    enabled: bool = True
    description: str | None = None
    alert_interval: str | None = None
    filters: Filters | None = None


class WebhookBody(Body):
    """A webhook. The real API posts to it before it is accepted."""

    name: Annotated[str, Field(min_length=1)]
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    secret: str | None = None


def list_policies(account: Account, request: Request) -> Answer:
    """Every policy."""
    return Answer([*account.tables["policies"].values()])


def get_policy(account: Account, request: Request) -> Answer:
    """One policy."""
    return Answer(_one(account, "policies", request))


def create_policy(account: Account, request: Request) -> Answer:
    """Make a policy."""
    return _policy(account, request, {"id": new_id(), "created": now()})


def update_policy(account: Account, request: Request) -> Answer:
    """Put a policy in the place of what is there."""
    return _policy(account, request, _one(account, "policies", request))


def delete_policy(account: Account, request: Request) -> Answer:
    """Remove a policy; the answer has no result."""
    del account.tables["policies"][_one(account, "policies", request)["id"]]
    account.changed()
    return Answer(None)


def list_webhooks(account: Account, request: Request) -> Answer:
    """Every webhook."""
    return Answer([_told(one) for one in account.tables["webhooks"].values()])


def get_webhook(account: Account, request: Request) -> Answer:
    """One webhook."""
    return Answer(_told(_one(account, "webhooks", request)))


def create_webhook(account: Account, request: Request) -> Answer:
    """Make a webhook."""
    return _webhook(account, request, {"id": new_id(), "created_at": now()})


def update_webhook(account: Account, request: Request) -> Answer:
    """Put a webhook in the place of what is there."""
    return _webhook(account, request, _one(account, "webhooks", request))


def delete_webhook(account: Account, request: Request) -> Answer:
    """Remove a webhook that no policy tells (unsure whether the real API refuses the others)."""
    one = _one(account, "webhooks", request)
    told = [target["id"] for policy in account.tables["policies"].values() for target in _targets(policy)]
    if one["id"] in told:
        raise ApiError(409, 17104, "The webhook is used by a notification policy")
    del account.tables["webhooks"][one["id"]]
    account.changed()
    return Answer(None)


def _policy(account: Account, request: Request, before: Object) -> Answer:
    body = request.body(PolicyBody)
    one: Object = {
        **body.model_dump(exclude_none=True),
        "id": before["id"],
        "created": before["created"],
        "modified": now(),
    }
    mechanisms = one["mechanisms"]
    if not any(mechanisms.values()):
        raise ApiError(400, 17001, "mechanisms: at least one is required")
    if unknown := [target["id"] for target in _targets(one) if target["id"] not in account.tables["webhooks"]]:
        raise ApiError(400, 17001, f"webhook {unknown[0]} does not exist")
    if unknown_pools := set(one.get("filters", {}).get("pool_id", ())) - account.tables["pools"].keys():
        raise ApiError(400, 17001, f"pool {sorted(unknown_pools)[0]} does not exist")
    account.tables["policies"][one["id"]] = one
    account.changed()
    return Answer({"id": one["id"]})


def _targets(policy: Object) -> list[Any]:
    found: list[Any] = policy["mechanisms"].get("webhooks") or []
    return found


def _webhook(account: Account, request: Request, before: Object) -> Answer:
    body = request.body(WebhookBody)
    host = urlsplit(body.url).hostname or ""
    account.tables["webhooks"][before["id"]] = {
        "id": before["id"],
        "name": body.name,
        "type": "slack" if host == "hooks.slack.com" else "generic",
        "created_at": before["created_at"],
        "last_success": None,
        "last_failure": None,
        "_url": body.url,
    }
    account.changed()
    return Answer({"id": before["id"]})


def _told(one: Object) -> Object:
    """A webhook as it is given back: without the last part of its URL, which is the secret one."""
    url = one["_url"].rpartition("/")[0] + "/***"
    return {**{key: value for key, value in one.items() if not key.startswith("_")}, "url": url}


def _one(account: Account, table: str, request: Request) -> Object:
    one = account.tables[table].get(request.path["id"])
    if one is None:
        raise ApiError(404, 17000, "Not found")
    return one
