"""Cloudflare's API over HTTP, with time limits that fit a command which somebody waits for at night."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from operations.edge.model import EdgeError

BASE: Final = "https://api.cloudflare.com/client/v4"
TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
TRIES: Final = 2
"""Every request sets or reads whole values, so a second one does no harm."""

LONGEST_PAUSE: Final = 2.0

_AGAIN: Final = (408, 429, 500, 502, 503, 504)
_PAGES: Final = 20


class CloudflareApi:
    """The API of one token. No error's text has the token in it."""

    def __init__(self, base: str, token: str) -> None:
        """Raises EdgeError for a base URL to which a token must not be sent."""
        self.own = base.rstrip("/") == BASE
        if urlsplit(base).scheme != "https" and not loopback(base):
            raise EdgeError(f"{base} is not https, and the token would be readable on the way.")
        self._client = httpx.Client(
            base_url=base, timeout=TIMEOUT, trust_env=not loopback(base), headers={"Authorization": f"Bearer {token}"}
        )

    def every(self, path: str) -> list[dict[str, Any]]:
        """All objects of a collection. Raises EdgeError."""
        found: list[dict[str, Any]] = []
        for page in range(1, _PAGES + 1):
            body = self._call("GET", path, params={"page": page, "per_page": 100})
            found += body["result"] or []
            if page >= int((body.get("result_info") or {}).get("total_pages") or 1):
                break
        return found

    def one(self, path: str) -> dict[str, Any]:
        """One object. Raises EdgeError."""
        result: dict[str, Any] = self._call("GET", path)["result"] or {}
        return result

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Give an object these fields and leave its others. Raises EdgeError."""
        self._call("PATCH", path, json=body)

    def _call(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        said = ""
        for _ in range(TRIES):
            try:
                answer = self._client.request(method, path, **what)
            except httpx.TransportError as error:
                said = str(error) or type(error).__name__
                continue
            if answer.is_success:
                return _read(answer)
            said = f"{answer.status_code}, {_refusal(answer)}"
            if answer.status_code not in _AGAIN:
                break
            time.sleep(_pause(answer.headers.get("Retry-After", "")))
        raise EdgeError(f"{method} {path}: {said}")


def _pause(asked: str) -> float:
    """Seconds before the second try: as asked for, but nobody waits longer here."""
    return min(float(asked), LONGEST_PAUSE) if asked.isdigit() else 0.2


def loopback(url: str) -> bool:
    """Whether it is this machine's own, by address."""
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or "result" not in body:
        raise EdgeError(f"{answer.request.url.path}: {answer.status_code}, but not an answer of Cloudflare's API")
    return body


def _refusal(answer: httpx.Response) -> str:
    try:
        errors = answer.json()["errors"]
        return "; ".join(f"{error['code']} {error['message']}" for error in errors)
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase or "no reason given"
