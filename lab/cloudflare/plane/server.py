"""The edge over HTTP on loopback: a header names the data centre, which is possible in the lab only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from lab.cloudflare.plane.edge import Edge
from lab.cloudflare.plane.front import Served, ray
from lab.cloudflare.plane.network import Ask
from lab.cloudflare.plane.places import Place, place
from lab.cloudflare.server import threaded

POP: Final = "Lab-Pop"
COUNTRY: Final = "Lab-Country"
"""Request headers: the data centre that answers, and the country of the user's address."""

_HOP_BY_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "content-length", "date", "server",
    }
)  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    edge: Edge
    default_pop: str

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            here = place(self.headers.get(POP, self.default_pop), self.headers.get(COUNTRY, ""))
        except ValueError as error:
            self._send(Served(400, body=f"{POP}: {error}\n".encode()), None)
            return
        host = self.headers.get("Host", "").partition(":")[0].lower()
        self._send(self.edge.serve(host, here, self._ask(here, host, body)), here)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _any  # noqa: N815

    def _ask(self, here: Place, host: str, body: bytes) -> Ask:
        kept = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        own = {
            "Host": host,
            "CF-Connecting-IP": self.client_address[0],
            "CF-IPCountry": here.country or "XX",
            "CF-Ray": ray(here),
            "X-Forwarded-For": self.client_address[0],
            "X-Forwarded-Proto": "https",
        }
        # As the zone's encryption mode Full does: TLS to the origin, whatever its certificate.
        return Ask(self.command, self.path, {**kept, **own}, body, trusting=True)

    def _send(self, served: Served, here: Place | None) -> None:
        self.send_response(served.status)
        for name, value in served.headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if here is not None:
            self.send_header("CF-Ray", ray(here))
            self.send_header(POP, here.pop)
        for name, value in (
            ("Lab-Pool", served.pool),
            ("Lab-Origin", served.origin),
            ("Lab-Fallback", "yes" if served.fallback else ""),
            ("Lab-Again", "yes" if served.again else ""),
            ("Lab-Certificate", served.certificate),
        ):
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(served.body)))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked waits no longer
                self.wfile.write(served.body)


@contextmanager
def facing(edge: Edge, port: int = 0, pop: str = "FRA") -> Iterator[str]:
    """Serve users on 127.0.0.1, and give the URL. `pop` answers those who name no data centre."""
    with threaded(type("Handler", (_Handler,), {"edge": edge, "default_pop": pop}), port) as bound:
        yield f"http://127.0.0.1:{bound}"
