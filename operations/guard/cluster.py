"""The region's own Kubernetes, as far as the guard asks it: does its PostgreSQL follow, and where are its instances?"""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SECONDS: Final = 2
"""For one answer: the API server may hang instead of refusing."""

_ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """`follows`: nothing can be written to it; None where there is no such cluster. `instances` are the addresses of
    its pods, those of jobs that make one included."""

    follows: bool | None
    instances: frozenset[str]


class Kubernetes:
    """Reads with the pod's own account, whose token is renewed under it. `server` is the API's URL."""

    def __init__(self, server: str, namespace: str, cluster: str, account: Path = ACCOUNT) -> None:
        self._server, self._account, self._cluster = server.rstrip("/"), account, cluster
        self._wrote = ""
        self._clusters = f"/apis/postgresql.cnpg.io/v1/namespaces/{namespace}/clusters/{cluster}"
        # From the server's own memory, which may be a moment behind: an address is needed sooner than a proof of it.
        query = urllib.parse.urlencode({"labelSelector": f"cnpg.io/cluster={cluster}", "resourceVersion": "0"})
        self._pods = f"/api/v1/namespaces/{namespace}/pods?{query}"

    def read(self) -> Cluster:
        """As it is now. Raises OSError where the API does not answer, ValueError where its answer is none."""
        found = self._get(self._clusters)
        pods = self._get(self._pods) or {}
        return Cluster(
            follows=None if found is None else self._follows(found),
            instances=frozenset(
                pod["status"]["podIP"]
                for pod in pods.get("items", [])
                if pod["status"].get("podIP") and pod["status"].get("phase") not in _ENDED
            ),
        )

    def _follows(self, found: Mapping[str, Any]) -> bool:
        """A primary that is told to follow still takes writes until its demotion is done, which its token shows."""
        uid, status = found["metadata"]["uid"], found.get("status", {})
        if not follows(self._cluster, found["spec"]):
            self._wrote = uid
            return False
        if status.get("switchReplicaClusterStatus", {}).get("inProgress"):
            return False
        return uid != self._wrote or bool(status.get("demotionToken"))

    def _get(self, path: str) -> dict[str, Any] | None:
        token = (self._account / "token").read_text().strip()
        request = urllib.request.Request(  # noqa: S310 the API's own URL
            f"{self._server}{path}", headers={"Authorization": f"Bearer {token}", "Accept": "application/json"}
        )
        trust = ssl.create_default_context(cafile=str(self._account / "ca.crt"))
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=trust) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise


def follows(name: str, spec: Mapping[str, Any]) -> bool:
    """Whether CloudNativePG keeps a cluster of this spec in recovery (its `IsReplica`): `enabled` where it is set,
    else whether another cluster than this one is the primary of the topology."""
    replica = spec.get("replica")
    if not replica:
        return False
    if replica.get("enabled") is not None:
        return bool(replica["enabled"])
    return bool((replica.get("self") or name) != replica.get("primary"))
