"""Data that is bound to the European Union stays there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from operations.plan.recorded import Recorded
from operations.plan.values import reveal
from operations.policy.model import Facts, Finding, Rule
from settings.geography import EU_MEMBERS

_DATASETS: Final = {
    "kubernetes:postgresql.cnpg.io/v1:Cluster": "postgresql",
    "kubernetes:psmdb.percona.com/v1:PerconaServerMongoDB": "mongodb",
    "kubernetes:mongodbcommunity.mongodb.com/v1:MongoDBCommunity": "mongodb",
}
_BUCKET: Final = "cloudflare:index/r2Bucket:R2Bucket"
_RECORD: Final = "authority-"
"""How the bucket of the record of authority is named: it holds no data of users."""


def _abroad(resource: Recorded, facts: Facts) -> Iterator[Finding]:
    bound = [name for name in ("postgresql", "mongodb") if getattr(facts.residency, name) == "eu"]
    country = facts.countries.get(facts.stack, "")
    if _DATASETS.get(resource.type) in bound and country not in EU_MEMBERS:
        yield Finding(
            resource.name,
            f"{resource.name} would hold {_DATASETS[resource.type]} in {country}, outside the European Union.",
            f"Take {facts.stack} out of openova:regions for that data, or lift openova:residency.",
        )
    holds = resource.type == _BUCKET and not resource.name.startswith(_RECORD)
    if holds and bound and reveal(resource.inputs.get("jurisdiction")) != "eu":
        yield Finding(
            resource.name,
            f"{resource.name} holds backups of {' and '.join(bound)}, and its jurisdiction is not eu.",
            "Set openova:backups.bucket.jurisdiction: eu.",
        )


RESIDENCY: Final = Rule(
    "residency",
    "Data that openova:residency binds to the European Union is stored nowhere else.",
    "A copy abroad needs a ground under chapter V of the GDPR, and cannot be called back.",
    of_resource=_abroad,
)
