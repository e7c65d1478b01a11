"""What the guard is told, by its environment; keys come as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from operations.epoch import Isolation
from operations.epoch.s3 import Bucket
from operations.guard.look import Place

KEYS: Final = Path("/etc/openova-guard")
STATE: Final = Path("/var/lib/openova-guard/turn.json")
OFF: Final = STATE.with_name("off")
"""Left by components/guard/scripts/barrier.sh."""

SIGNS: Final = Path("/run/openova-guard")
PREFIX: Final = "GUARD_"

NEEDED: Final = ("REGION", "NODE", "ISOLATION", "TTL", "NAMESPACE", "CLUSTER", "PODS", "BUCKET", "ENDPOINT")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """All of it. `server` is the API's URL, `pods` the region's network of pods."""

    place: Place
    bucket: Bucket
    server: str
    namespace: str
    cluster: str
    pods: str


def configuration(environment: Mapping[str, str], keys: Path = KEYS) -> Configuration:
    """From the environment. Raises ValueError with everything that is missing or wrong, OSError for an absent key."""
    values = {name: environment.get(f"{PREFIX}{name}", "") for name in (*NEEDED, "FOUNDS", "PREFIX")}
    wrong = [f"{PREFIX}{name} is missing" for name in NEEDED if not values[name]]
    if values["ISOLATION"] not in ("", "continue", "fence"):
        wrong.append(f"{PREFIX}ISOLATION is {values['ISOLATION']!r}, and not continue or fence")
    try:
        ttl = float(values["TTL"] or 1)
    except ValueError:
        ttl = 0.0
    if not ttl > 0:
        wrong.append(f"{PREFIX}TTL is {values['TTL']!r}, and no number of seconds above 0")
    if not environment.get("KUBERNETES_SERVICE_HOST"):
        wrong.append("KUBERNETES_SERVICE_HOST is missing: this is no pod of Kubernetes")
    if wrong:
        raise ValueError(f"The guard does not start, and the barrier stays as it is. {'; '.join(wrong)}.")
    return Configuration(
        place=Place(
            region=values["REGION"],
            node=values["NODE"],
            isolation=cast("Isolation", values["ISOLATION"]),
            ttl=ttl,
            founds=values["FOUNDS"] == "true",
            signs=SIGNS,
            off=OFF,
        ),
        bucket=bucket(values, keys),
        server=f"https://{environment['KUBERNETES_SERVICE_HOST']}:{environment.get('KUBERNETES_SERVICE_PORT', '443')}",
        namespace=values["NAMESPACE"],
        cluster=values["CLUSTER"],
        pods=values["PODS"],
    )


def bucket(values: Mapping[str, str], keys: Path = KEYS) -> Bucket:
    """The record's, from BUCKET, ENDPOINT and PREFIX; the keys are files. Raises OSError for an absent one."""
    authority = keys / "ca.crt"
    return Bucket(
        name=values["BUCKET"],
        endpoint=values["ENDPOINT"],
        access_key_id=(keys / "access-key-id").read_text().strip(),
        secret_access_key=(keys / "secret-access-key").read_text().strip(),
        prefix=values["PREFIX"] or "authority",
        root_certificate=authority.read_text() if authority.exists() else None,
    )
