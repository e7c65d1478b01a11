"""Connection strings of MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from components.mongodb.members import Member

SERVER_SELECTION_TIMEOUT: Final = 15_000
"""Milliseconds a client looks for a primary: an election takes about 12 s."""

CONNECT_TIMEOUT: Final = 5_000
"""Milliseconds to wait for one member: the address of a dead region swallows packets."""


def connection_uri(
    members: Sequence[Member],
    *,
    username: str,
    password: str,
    database: str,
    replica_set: str,
    region: str,
    ca_file: str | None = None,
    auth_source: str = "admin",
) -> str:
    """The URI for clients in `region`: reads go to the nearest member there, else anywhere; writes are `majority`.

    Members of the client's own region are listed first; the list is only where a driver starts to look.
    `ca_file` is a path on the client's machine; `None` leaves TLS to the system's authorities.
    """
    near_first = sorted(members, key=lambda member: member.region != region)
    hosts = ",".join(member.address for member in near_first)
    options = {
        "authSource": auth_source,
        "replicaSet": replica_set,
        "readPreference": "nearest",
        "w": "majority",
        "retryWrites": "true",
        "retryReads": "true",
        "connectTimeoutMS": str(CONNECT_TIMEOUT),
        "serverSelectionTimeoutMS": str(SERVER_SELECTION_TIMEOUT),
        "tls": "true",
    }
    if ca_file is not None:
        options["tlsCAFile"] = ca_file
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in options.items())
    # Tag sets are tried in order; the empty one, which matches every member, comes last.
    tags = f"readPreferenceTags=region:{quote(region, safe='')}&readPreferenceTags="
    credentials = f"{quote(username, safe='')}:{quote(password, safe='')}"
    return f"mongodb://{credentials}@{hosts}/{quote(database, safe='')}?{query}&{tags}"
