"""In Traefik's place: ends TLS on 443 with a certificate of its own, and passes everything on to the one application.

It runs in a pod of every node, in the node's own network, and knows nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

PORTS = (80, 443)
CONNECT_SECONDS = 5.0
MAKE = (
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365"),
    *("-subj", "/CN=TRAEFIK DEFAULT CERT"),
)


def certificate() -> ssl.SSLContext:
    """A new one, that nobody trusts."""
    with tempfile.TemporaryDirectory() as folder:
        key, own = Path(folder) / "key", Path(folder) / "crt"
        subprocess.run([*MAKE, "-keyout", str(key), "-out", str(own)], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own, key)
    return context


async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything from one to the other, and the end of it."""
    try:
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
    """One connection of the edge."""
    try:
        back, forth = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
    except (OSError, TimeoutError):
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    else:
        await asyncio.gather(passed(reader, forth), passed(back, writer))
        forth.close()
    writer.close()


async def main(host: str, port: int) -> None:
    """Until it is ended."""
    context = certificate()
    servers = [
        await asyncio.start_server(
            lambda reader, writer: served(reader, writer, host, port),
            "",
            number,
            ssl=context if number == 443 else None,
        )
        for number in PORTS
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
