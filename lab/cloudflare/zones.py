"""The account, its zone, its tokens, and what was bought."""

from __future__ import annotations

from typing import Any

from lab.cloudflare.account import Account, Object
from lab.cloudflare.request import Answer, Request
from settings.tiers import MAXIMUM_INTERVAL_SECONDS, PlanTier

_SINCE = "2026-01-01T00:00:00.000000"
_NAMES = {
    PlanTier.FREE: "Free Website",
    PlanTier.PRO: "Pro Website",
    PlanTier.BUSINESS: "Business Website",
    PlanTier.ENTERPRISE: "Enterprise Website",
}


def verify_token(account: Account, request: Request) -> Answer:
    """Tells that a token is one."""
    said = {"code": 10000, "message": "This API Token is valid and active", "type": None}
    return Answer({"id": account.tokens[request.token].id, "status": "active"}, messages=(said,))


def list_accounts(account: Account, request: Request) -> Answer:
    """The one account."""
    return Answer([_account(account)])


def get_account(account: Account, request: Request) -> Answer:
    """The same by its id."""
    return Answer(_account(account))


def list_zones(account: Account, request: Request) -> Answer:
    """The one zone, unless `name` asks for another."""
    zone = _zone(account)
    wanted = request.query.get("name", zone["name"])
    return Answer([zone] if wanted == zone["name"] else [])


def get_zone(account: Account, request: Request) -> Answer:
    """The same by its id."""
    return Answer(_zone(account))


def subscription(account: Account, request: Request) -> Answer:
    """The zone's plan (prices are the account's own and not imitated)."""
    plan = account.contract.plan
    return Answer(
        {
            "id": account.contract.zone_id,
            "state": "Paid",
            "frequency": "monthly",
            "currency": "USD",
            "price": 0,
            "rate_plan": {"id": plan.value, "public_name": _NAMES[plan], "currency": "USD", "scope": "zone",
                          "externally_managed": False, "is_contract": plan is PlanTier.ENTERPRISE, "sets": []},
        }
    )  # fmt: skip


def entitlements(account: Account, request: Request) -> Answer:
    """What the zone may use. The keys are not Cloudflare's: the real ones are published nowhere."""
    contract, allowed = account.contract, account.contract.limits
    values: dict[str, tuple[str, Any]] = {
        "load_balancing.enabled": ("bool", contract.load_balancing),
        "load_balancing.monitor_interval": (
            "range", {"min": contract.minimum_interval, "max": MAXIMUM_INTERVAL_SECONDS},
        ),
        "load_balancing.check_regions": ("max_count", allowed.check_regions),
        "load_balancing.pop_steering": ("bool", allowed.pop_steering),
        "ssl.advanced_certificates": ("bool", contract.advanced_certificates),
    }  # fmt: skip
    for name, limit in (
        ("pools", allowed.pools),
        ("endpoints", allowed.endpoints),
        ("balancers", allowed.load_balancers),
    ):
        values[f"load_balancing.{name}"] = ("max_count", limit if limit is not None else 10_000)
    return Answer(
        [
            {
                "id": key,
                "allocation": {"type": kind, "value": value},
                "feature": {"id": number, "key": key, "name": key, "feature_set": key.partition(".")[0]},
                "created_date": _SINCE,
                "edited_date": _SINCE,
                "deleted_date": "",
            }
            for number, (key, (kind, value)) in enumerate(values.items(), 1)
        ]
    )


def _account(account: Account) -> Object:
    return {"id": account.contract.account_id, "name": "The lab's account", "type": "standard", "created_on": _SINCE,
            "settings": {"enforce_twofactor": False}}  # fmt: skip


def _zone(account: Account) -> Object:
    contract = account.contract
    plan = {
        "id": contract.plan.value, "name": _NAMES[contract.plan], "legacy_id": contract.plan.value, "price": 0,
        "currency": "USD", "frequency": "", "is_subscribed": contract.plan is not PlanTier.FREE, "can_subscribe": False,
        "externally_managed": False, "legacy_discount": False,
    }  # fmt: skip
    return {
        "id": contract.zone_id,
        "name": contract.zone,
        "status": "active",
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        "original_name_servers": [],
        "created_on": f"{_SINCE}Z",
        "modified_on": f"{_SINCE}Z",
        "activated_on": f"{_SINCE}Z",
        "account": {"id": contract.account_id, "name": "The lab's account"},
        "owner": {"id": None, "type": "user", "name": None},
        "meta": {"step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3, "phishing_detected": False},
        "plan": plan,
        "permissions": [],
    }
