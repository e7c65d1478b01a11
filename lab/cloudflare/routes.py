"""Which path means what, which permission it needs, and the way of a request: token, permission, handler."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from lab.cloudflare import alerts, balancing, buckets, certificates, dns, tunnels, zones
from lab.cloudflare.account import Account
from lab.cloudflare.errors import foreign, malformed_token, missing_scope, no_route, no_token, unknown_token
from lab.cloudflare.request import Answer, Request

PREFIX: Final = "/client/v4"
Handler = Callable[[Account, Request], Answer]
_TOKEN = re.compile(r"Bearer ([0-9A-Za-z\-_]{40,80})")
_ID = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"[A-Za-z0-9_-]+")
_POOLS: Final = "Load Balancing: Monitors and Pools"
_R2: Final = "Workers R2 Storage"
_TUNNEL: Final = "Cloudflare Tunnel"


@dataclass(frozen=True)
class Route:
    """A verb and a path. `permission` is the permission group's name without Read or Write; empty needs none."""

    method: str
    pattern: tuple[str, ...]
    permission: str
    handler: Handler

    @property
    def writing(self) -> bool:
        """True where the permission to read is not enough."""
        return self.method != "GET"

    def match(self, parts: tuple[str, ...]) -> Mapping[str, str] | None:
        """What stands in place of the braces; None where the path is another."""
        if len(parts) != len(self.pattern):
            return None
        found: dict[str, str] = {}
        for wanted, part in zip(self.pattern, parts, strict=True):
            if wanted.startswith("{"):
                found[wanted.strip("{}")] = part
            elif wanted != part:
                return None
        return found


def _table() -> tuple[Route, ...]:
    zone, account = "/zones/{zone}", "/accounts/{account}"
    return (*_general(account), *_zone(zone), *_balancing(zone, account), *_account(account))


def _general(account: str) -> list[Route]:
    return [
        _route("GET", "/user/tokens/verify", "", zones.verify_token),
        _route("GET", f"{account}/tokens/verify", "", zones.verify_token),
        _route("GET", "/accounts", "", zones.list_accounts),
        _route("GET", account, "", zones.get_account),
        _route("GET", "/zones", "Zone", zones.list_zones),
    ]


def _zone(zone: str) -> list[Route]:
    return [
        _route("GET", zone, "Zone", zones.get_zone),
        _route("GET", f"{zone}/subscription", "Billing", zones.subscription),
        _route("GET", f"{zone}/entitlements", "Billing", zones.entitlements),
        _route("GET", f"{zone}/ssl/universal/settings", "SSL and Certificates", certificates.universal),
        _route("GET", f"{zone}/ssl/certificate_packs", "SSL and Certificates", certificates.list_packs),
        _route("POST", f"{zone}/ssl/certificate_packs/order", "SSL and Certificates", certificates.order_pack),
        _route("GET", f"{zone}/ssl/certificate_packs/{{id}}", "SSL and Certificates", certificates.get_pack),
        _route("DELETE", f"{zone}/ssl/certificate_packs/{{id}}", "SSL and Certificates", certificates.delete_pack),
        _route("GET", f"{zone}/acm/total_tls", "SSL and Certificates", certificates.get_total_tls),
        _route("POST", f"{zone}/acm/total_tls", "SSL and Certificates", certificates.set_total_tls),
        _route("GET", f"{zone}/dns_records", "DNS", dns.list_records),
        _route("POST", f"{zone}/dns_records", "DNS", dns.create_record),
        _route("GET", f"{zone}/dns_records/{{id}}", "DNS", dns.get_record),
        _route("PUT", f"{zone}/dns_records/{{id}}", "DNS", dns.update_record),
        _route("PATCH", f"{zone}/dns_records/{{id}}", "DNS", dns.edit_record),
        _route("DELETE", f"{zone}/dns_records/{{id}}", "DNS", dns.delete_record),
    ]


def _balancing(zone: str, account: str) -> list[Route]:
    return [
        _route("GET", f"{account}/load_balancers/regions", _POOLS, balancing.region_list),
        _route("GET", f"{account}/load_balancers/pools/{{id}}/references", _POOLS, balancing.POOLS.references),
        _route("GET", f"{account}/load_balancers/monitors/{{id}}/references", _POOLS, balancing.MONITORS.references),
        _route("GET", f"{account}/load_balancers/pools/{{id}}/health", _POOLS, balancing.POOLS.health),
        *_five(f"{account}/load_balancers/pools", _POOLS, balancing.POOLS),
        *_five(f"{account}/load_balancers/monitors", _POOLS, balancing.MONITORS),
        *_five(f"{zone}/load_balancers", "Load Balancers", balancing.BALANCERS),
    ]


def _account(account: str) -> list[Route]:
    return [
        _route("GET", f"{account}/r2/buckets", _R2, buckets.list_buckets),
        _route("POST", f"{account}/r2/buckets", _R2, buckets.create_bucket),
        _route("GET", f"{account}/r2/buckets/{{id}}", _R2, buckets.get_bucket),
        _route("PATCH", f"{account}/r2/buckets/{{id}}", _R2, buckets.edit_bucket),
        _route("DELETE", f"{account}/r2/buckets/{{id}}", _R2, buckets.delete_bucket),
        _route("GET", f"{account}/cfd_tunnel", _TUNNEL, tunnels.list_tunnels),
        _route("POST", f"{account}/cfd_tunnel", _TUNNEL, tunnels.create_tunnel),
        _route("GET", f"{account}/cfd_tunnel/{{id}}", _TUNNEL, tunnels.get_tunnel),
        _route("PATCH", f"{account}/cfd_tunnel/{{id}}", _TUNNEL, tunnels.edit_tunnel),
        _route("DELETE", f"{account}/cfd_tunnel/{{id}}", _TUNNEL, tunnels.delete_tunnel),
        _route("GET", f"{account}/cfd_tunnel/{{id}}/token", _TUNNEL, tunnels.get_token),
        _route("GET", f"{account}/cfd_tunnel/{{id}}/configurations", _TUNNEL, tunnels.get_configuration),
        _route("PUT", f"{account}/cfd_tunnel/{{id}}/configurations", _TUNNEL, tunnels.put_configuration),
        *_alerts(f"{account}/alerting/v3"),
    ]


def _route(method: str, path: str, permission: str, handler: Handler) -> Route:
    return Route(method, tuple(path.strip("/").split("/")), permission, handler)


def _five(path: str, permission: str, table: balancing.Table) -> list[Route]:
    return [
        _route("GET", path, permission, table.list),
        _route("POST", path, permission, table.create),
        _route("GET", f"{path}/{{id}}", permission, table.get),
        _route("PUT", f"{path}/{{id}}", permission, table.update),
        _route("PATCH", f"{path}/{{id}}", permission, table.edit),
        _route("DELETE", f"{path}/{{id}}", permission, table.delete),
    ]


def _alerts(path: str) -> list[Route]:
    hooks = f"{path}/destinations/webhooks"
    return [
        _route("GET", f"{path}/policies", "Notifications", alerts.list_policies),
        _route("POST", f"{path}/policies", "Notifications", alerts.create_policy),
        _route("GET", f"{path}/policies/{{id}}", "Notifications", alerts.get_policy),
        _route("PUT", f"{path}/policies/{{id}}", "Notifications", alerts.update_policy),
        _route("DELETE", f"{path}/policies/{{id}}", "Notifications", alerts.delete_policy),
        _route("GET", hooks, "Notifications", alerts.list_webhooks),
        _route("POST", hooks, "Notifications", alerts.create_webhook),
        _route("GET", f"{hooks}/{{id}}", "Notifications", alerts.get_webhook),
        _route("PUT", f"{hooks}/{{id}}", "Notifications", alerts.update_webhook),
        _route("DELETE", f"{hooks}/{{id}}", "Notifications", alerts.delete_webhook),
    ]


ROUTES: Final = _table()


def respond(account: Account, request: Request, path: str) -> Answer:
    """Carry a request out; `path` is without the prefix. Raises ApiError."""
    token = _authenticated(account, request)
    parts = tuple(path.strip("/").split("/"))
    if not all(_PART.fullmatch(part) for part in parts):
        raise no_route(path)
    with account.lock:
        for route in ROUTES:
            found = route.match(parts) if route.method == request.method else None
            if found is not None:
                _belongs(account, found, path)
                if not account.tokens[token].allows(route.permission, writing=route.writing):
                    raise missing_scope()
                return route.handler(account, replace(request, path=found, token=token))
    raise no_route(path)


def _authenticated(account: Account, request: Request) -> str:
    given = request.headers.get("authorization")
    if given is None:
        raise no_token()
    match = _TOKEN.fullmatch(given)
    if match is None:
        raise malformed_token()
    if match.group(1) not in account.tokens:
        raise unknown_token()
    return match.group(1)


def _belongs(account: Account, found: Mapping[str, str], path: str) -> None:
    for name, own in (("zone", account.contract.zone_id), ("account", account.contract.account_id)):
        if name in found and found[name] != own:
            raise foreign() if _ID.fullmatch(found[name]) else no_route(path)
