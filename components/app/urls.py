"""Connection strings of PostgreSQL for applications: several hosts, in the order in which to try them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

SessionAttributes = Literal["read-write", "prefer-standby", "any"]

CONNECT_TIMEOUT: Final = 3
"""Seconds to wait for one address. A dead region does not refuse, it is silent, and its name has an address for each
node. Over 150 ms a connection with TLS and SCRAM takes some 1.1 s (seven round trips); a lost first packet costs one
more."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A host and a port where PostgreSQL answers."""

    host: str
    port: int = 5432


def database_url(
    endpoints: Sequence[Endpoint],
    *,
    username: str,
    password: str,
    database: str,
    target: SessionAttributes,
    ca_file: str,
) -> str:
    """A URL of libpq that tries the endpoints in their order and keeps the first one that fits `target`.

    With `read-write` the writer is found wherever it is, so a change of roles needs no new URL; with
    `prefer-standby` a standby is taken if any answers, else whatever does. `ca_file` is a path on the
    client's machine. Raises ValueError without an endpoint.
    """
    if not endpoints:
        raise ValueError(
            "A database URL needs at least one endpoint: without a host libpq tries a local socket, and the "
            "application fails far from the cause. Give `primary_endpoints` and `replica_endpoints`."
        )
    options = {
        "sslmode": "verify-full",
        "sslrootcert": ca_file,
        "connect_timeout": str(CONNECT_TIMEOUT),
        "target_session_attrs": target,
    }
    hosts = ",".join(f"{endpoint.host}:{endpoint.port}" for endpoint in endpoints)
    credentials = f"{quote(username, safe='')}:{quote(password, safe='')}"
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in options.items())
    return f"postgresql://{credentials}@{hosts}/{quote(database, safe='')}?{query}"
