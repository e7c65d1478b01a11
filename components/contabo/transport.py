"""Contabo's API over HTTPS: the token, request ids, time limits. What may be repeated is repeated, an order never."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.contabo.errors import ContaboError, NoAnswerError

LARGEST_ANSWER: Final = 16 * 1024 * 1024
TOKEN_MARGIN: Final = 30
"""Seconds before its end at which a token is no longer used."""


@dataclass(frozen=True)
class Endpoints:
    """Where Contabo answers: its API reference, sections "Getting started" and servers."""

    api: str = "https://api.contabo.com"
    token: str = "https://auth.contabo.com/auth/realms/contabo/protocol/openid-connect/token"  # noqa: S105 a URL


@dataclass(frozen=True)
class Credentials:
    """The four values of my.contabo.com/api/details. All secret."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class Patience:
    """Time limits and pauses, in seconds. Each tuple is the pauses before one try more."""

    answer: float = 30
    order: float = 90
    reads: tuple[float, ...] = (1, 4, 15)
    appear: tuple[float, ...] = (2, 5, 10, 20, 40, 60, 60)
    poll: float = 15
    running: float = 1800


@dataclass(frozen=True)
class Answer:
    """An HTTP status, and the JSON object that came with it; None where there was none."""

    status: int
    body: Mapping[str, Any] | None

    @property
    def message(self) -> str:
        """What Contabo says went wrong."""
        said = (self.body or {}).get("message") or (self.body or {}).get("error_description") or "no reason given"
        return f"{self.status}: {' '.join(str(said).split())[:300]}"


class Transport:
    """Requests with a valid token. `sleep` takes seconds."""

    def __init__(
        self, credentials: Credentials, endpoints: Endpoints, patience: Patience, sleep: Callable[[float], None]
    ) -> None:
        self._credentials, self._endpoints, self._patience, self._sleep = credentials, endpoints, patience, sleep
        self._token, self._token_ends = "", 0.0
        # A test's API is on this host; a proxy of the environment is for everything else.
        own_host = urllib.parse.urlsplit(endpoints.api).hostname == "127.0.0.1"
        proxies = [urllib.request.ProxyHandler({})] if own_host else []
        self._opener = urllib.request.build_opener(_NoRedirects, *proxies)

    def pages(self, path: str) -> list[Mapping[str, Any]]:
        """All items of a list. Raises NoAnswerError where the pages do not add up to what it says it has."""
        items: list[Mapping[str, Any]] = []
        page = pages = 1
        while page <= pages:
            body = self._get(path, {"page": str(page), "size": "100"})
            try:
                about = body["_pagination"]
                pages, total = int(about["totalPages"]), int(about["totalElements"])
                items += body["data"]
            except (KeyError, TypeError, ValueError) as error:
                raise NoAnswerError(f"page {page} of {path} is not complete ({error!r})") from None
            page += 1
        if len(items) != total:
            # The list changed while it was read: what was missed could be the very server that is looked for.
            raise NoAnswerError(f"{path} says that it has {total} items and gave {len(items)}")
        return items

    def post(self, path: str, body: Mapping[str, Any], *, request_id: str, seconds: float | None = None) -> Answer:
        """One request, sent once. Raises NoAnswerError where it is unknown what became of it."""
        answer = self._send("POST", path, body, request_id, seconds or self._patience.answer)
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise NoAnswerError(f"Contabo answered {answer.message}")
        return answer

    def delete(self, path: str) -> Answer:
        """One request, sent once. Raises NoAnswerError as `post` does."""
        return self._send("DELETE", path, None, str(uuid.uuid4()), self._patience.answer)

    def repeated(self, ask: Callable[[], Any]) -> Any:
        """What `ask` gives, asked again after each pause. For what changes nothing. Raises the last NoAnswerError."""
        for pause in self._patience.reads:
            try:
                return ask()
            except NoAnswerError:
                self._sleep(pause)
        return ask()

    def _get(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        target = f"{path}?{urllib.parse.urlencode(query)}"
        answer = self._send("GET", target, None, str(uuid.uuid4()), self._patience.answer)
        if answer.status == 401:
            self._token = ""
            answer = self._send("GET", target, None, str(uuid.uuid4()), self._patience.answer)
        if answer.status in (401, 403):
            raise ContaboError(
                f"Contabo lets this API user not read {path} ({answer.message}).",
                "What exists would not be known, and something could be ordered twice; nothing was ordered.",
                "Give the API user the right to read it (customer panel, user management).",
            )
        if answer.status != 200 or answer.body is None:
            raise NoAnswerError(f"{path}: {answer.message}")
        return answer.body

    def _send(
        self, method: str, target: str, body: Mapping[str, Any] | None, request_id: str, seconds: float
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._valid_token()}",
            "Accept": "application/json",
            "x-request-id": request_id,
        }
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self._endpoints.api}{target}"
        return self._exchange(urllib.request.Request(url, data, headers, method=method), seconds)  # noqa: S310 ours

    def _valid_token(self) -> str:
        if not self._token or time.monotonic() > self._token_ends - TOKEN_MARGIN:
            self._token = self.repeated(self._fetch_token)
        return self._token

    def _fetch_token(self) -> str:
        keys = self._credentials
        form = {
            "grant_type": "password",
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
            "username": keys.user,
            "password": keys.password,
        }
        asked = time.monotonic()
        data = urllib.parse.urlencode(form).encode()
        answer = self._exchange(urllib.request.Request(self._endpoints.token, data), self._patience.answer)  # noqa: S310
        if answer.status in (400, 401, 403):
            raise ContaboError(
                f"Contabo does not accept the API credentials ({answer.message}).",
                "Nothing can be looked up, so nothing was ordered.",
                "Set contaboClientId, contaboClientSecret, contaboUser and contaboPassword to what "
                "my.contabo.com/api/details shows; the API password is not the panel's.",
            )
        token = (answer.body or {}).get("access_token")
        if answer.status != 200 or not token:
            raise NoAnswerError(f"no token: {answer.message}")
        self._token_ends = asked + float((answer.body or {}).get("expires_in") or 60)
        return str(token)

    def _exchange(self, request: urllib.request.Request, seconds: float) -> Answer:
        try:
            try:
                response = self._opener.open(request, timeout=seconds)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                text = b"".join(_chunks(response, time.monotonic() + seconds))
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise NoAnswerError(
                f"{request.get_method()} {urllib.parse.urlsplit(request.full_url).path}: {reason!r}"
            ) from None
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        return Answer(int(response.status or 0), body if isinstance(body, dict) else None)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The token goes to the hosts named above and to no other."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _chunks(response: Any, deadline: float) -> Iterator[bytes]:
    """The body. The socket's own time limit is for one read; a host that sends drop by drop has to end too."""
    size = 0
    while chunk := response.read1(65536):
        size += len(chunk)
        if time.monotonic() > deadline or size > LARGEST_ANSWER:
            raise TimeoutError("the answer does not end")
        yield chunk
    expected = response.headers.get("Content-Length")
    if expected is not None and size < int(expected):
        raise http.client.IncompleteRead(b"")
