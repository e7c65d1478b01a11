"""One request to a region's direct name: what the road from the edge to its servers is like at this moment."""

from __future__ import annotations

import socket
from typing import Final

import httpx

from operations.edge.api import loopback
from operations.edge.model import Asked

SECONDS: Final = 6.0
"""A second more than a check has by default. Cloudflare itself tries longer (it answers 522 after some 15 s)."""

NOT_REACHED: Final = (521, 522, 523, 530)
"""Cloudflare's own answers where no server of the region took the connection (Support, "Cloudflare 5xx errors")."""

RAY: Final = "cf-ray"
"""A header that Cloudflare's edge puts into every answer: without it somebody else answered."""


def ask(host: str, path: str, *, front: str = "", through_cloudflare: bool) -> Asked:
    """GET https://host/path. `front` is a URL to ask in its place, under the same name: that of a local Cloudflare.

    Without an edge between (`through_cloudflare` is false) the servers answer themselves, under any certificate.
    """
    url = f"{front or f'https://{host}'}{path}"
    local = bool(front) and loopback(front)
    timeout = httpx.Timeout(SECONDS, connect=SECONDS / 2)
    try:
        with httpx.Client(timeout=timeout, verify=through_cloudflare, trust_env=not local) as client:
            answer = client.get(url, headers={"Host": host})
    except httpx.ReadTimeout:
        return Asked(f"no answer for {host}{path} within {SECONDS:.0f} s", alive=False)
    except httpx.TransportError as error:
        # What is between this machine and Cloudflare says nothing of the region, and neither does a name server.
        refused = isinstance(error, httpx.ConnectTimeout | httpx.ConnectError) and not _unresolved(error)
        said = f"{host}: {str(error) or type(error).__name__}"
        return Asked(said, alive=False if refused and not through_cloudflare else None)
    said = f"{answer.status_code} for {host}{path}"
    if through_cloudflare and RAY not in answer.headers:
        return Asked(f"{said}, and not from the edge", alive=None)
    if through_cloudflare and answer.status_code in NOT_REACHED:
        return Asked(f"{said}: no server takes the connection", alive=False)
    return Asked(said, alive=True)


def _unresolved(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, socket.gaierror):
            return True
        error = error.__cause__ or error.__context__
    return False
