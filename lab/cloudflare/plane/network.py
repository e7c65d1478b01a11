"""The ways from the edge to origins: public addresses are mapped to servers on this machine, and ways can be cut."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Failure = Literal["timeout", "refused", "unreachable", "certificate", "broken"]
Distance = Callable[[str, str], float]
"""Round-trip time in seconds from a region of the world to an origin's address."""

_LONGEST = 10 * 1024 * 1024


@dataclass(frozen=True)
class Ask:
    """An HTTP request to an origin. `tls` asks for a certificate; `trusting` takes any."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    tls: bool = True
    trusting: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it: a status with headers and body, or a failure; and how many seconds of the plane it took."""

    seconds: float
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    failure: Failure | None = None


@dataclass
class Network:
    """`servers` maps an address to the URL (http or https) of a server that stands for it.

    Where a server speaks plain HTTP, TLS is left out; over https its certificate is checked by `authority` (a file of
    certificates; the machine's own without it) under the host name that is asked for. An address without a server is
    asked itself where `direct`, from the address `source` of this machine if there is one; otherwise it is silent:
    packets vanish. `patience` is how many seconds of the machine's clock a server that is there may take at most; 0
    means the time that the question allows.
    """

    servers: dict[str, str] = field(default_factory=dict)
    direct: bool = False
    authority: str | None = None
    patience: float = 5.0
    scale: float = 0.0
    source: str = ""
    rtt: Distance = lambda region, address: 0.02
    _cuts: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cut(self, address: str, region: str = "") -> None:
        """Let packets to an address vanish, from everywhere or from one region of the world."""
        with self._lock:
            self._cuts.add((region, address))

    def heal(self, address: str = "", region: str = "") -> None:
        """Undo one cut; without an address, all of them."""
        with self._lock:
            self._cuts = {cut for cut in self._cuts if address and cut != (region, address)}

    def silent(self, address: str, region: str) -> bool:
        """True where nothing comes back."""
        with self._lock:
            if {("", address), (region, address)} & self._cuts:
                return True
        return address not in self.servers and not self.direct

    def ask(self, region: str, address: str, port: int, ask: Ask, timeout: float) -> Outcome:
        """Ask an origin from a region of the world. `timeout` is in the plane's seconds."""
        if self.silent(address, region):
            return Outcome(timeout, failure="timeout")
        begun = time.monotonic()
        try:
            outcome = self._exchange(address, port, ask, self._wait(timeout))
        except TimeoutError:
            return Outcome(timeout, failure="timeout")
        except ConnectionRefusedError:
            outcome = Outcome(0, failure="refused")
        except ssl.SSLError:
            outcome = Outcome(0, failure="certificate")
        except (OSError, http.client.HTTPException) as error:
            away = isinstance(error, OSError) and not isinstance(error, ConnectionError)
            outcome = Outcome(0, failure="unreachable" if away else "broken")
        took = self.rtt(region, address) + (time.monotonic() - begun) * self.scale
        if took > timeout:
            return Outcome(timeout, failure="timeout")
        return Outcome(took, outcome.status, outcome.headers, outcome.body, outcome.failure)

    def _wait(self, timeout: float) -> float:
        if self.scale:
            return min(timeout / self.scale, self.patience or timeout)
        return self.patience or timeout

    def _exchange(self, address: str, port: int, ask: Ask, wait: float) -> Outcome:
        scheme = "https" if ask.tls else "http"
        url = urlsplit(self.servers.get(address) or f"{scheme}://{_bracketed(address)}:{port}")
        connection = self._connection(url.scheme, url.hostname or "", url.port or port, ask, wait)
        try:
            connection.request(ask.method, ask.path, ask.body or None, dict(ask.headers))
            answer = connection.getresponse()
            return Outcome(0, answer.status, tuple(answer.getheaders()), answer.read(_LONGEST))
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int, ask: Ask, wait: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(
            host, port, timeout=wait, source_address=(self.source, 0) if self.source else None
        )
        connection.connect()
        if scheme == "https":
            context = ssl.create_default_context(cafile=self.authority)
            if ask.trusting:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            name = ask.headers.get("Host", host)
            assert isinstance(connection.sock, socket.socket)
            connection.sock = context.wrap_socket(connection.sock, server_hostname=name)
        return connection


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
