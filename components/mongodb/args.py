"""What the MongoDB members of one region are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import pulumi

from components.mongodb.members import FEWEST_PODS, Member, votes_granted
from settings.versions import PSMDB_IMAGE

MOST_VOTERS: Final = 7
"""MongoDB's own limit of voting members in a set."""


@dataclass(frozen=True, kw_only=True)
class MongodbPasswords:
    """The passwords of the five users that the operator works with, the same in every region."""

    backup: pulumi.Input[str]
    database_admin: pulumi.Input[str]
    cluster_admin: pulumi.Input[str]
    cluster_monitor: pulumi.Input[str]
    user_admin: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class MongodbBackup:
    """Where backups go and how many stay.

    `schedule` is a cron expression of five fields (UTC), `keep` a number of backups, `oplog_minutes`
    the length of one piece of the oplog: what a restore to a point in time may lose.
    """

    bucket: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    access_key_id: pulumi.Input[str]
    secret_access_key: pulumi.Input[str]
    prefix: str = "mongodb-global"
    schedule: str = "0 2 * * *"
    keep: int = 7
    oplog_minutes: int = 5


@dataclass(frozen=True, kw_only=True)
class MongodbSetArgs:
    """What a replica set is told under either operator: its members, certificate and application user, and its size.

    Sizes are those of one member. The certificate covers the names of all members.
    """

    cluster_name: str
    namespace: pulumi.Input[str]
    members: tuple[Member, ...]

    ca_certificate: pulumi.Input[str]
    certificate: pulumi.Input[str]
    private_key: pulumi.Input[str]

    app_user: str = "app"
    app_database: str = "app"
    app_password: pulumi.Input[str]

    storage_size: str = "50Gi"
    storage_class: str = "local-path"
    cpu_request: str = "500m"
    cpu_limit: str = "2"
    memory: str = "4Gi"
    protect: bool = True


@dataclass(frozen=True, kw_only=True)
class MongodbArgs(MongodbSetArgs):
    """One region's part of a replica set over several regions.

    `managed` is true in the one region whose operator writes the set's configuration. `members` lists the
    members of all regions; those of this one are `local`, in the order of their pods. Keys, certificate
    and passwords are the same in every region: the operator makes up what it does not find, and the parts
    would not know each other. `shared_name` begins the names of the Secrets that hold them. `node_region` is
    the label `topology.kubernetes.io/region` of this cluster's nodes, `resolvable` the names for which its DNS
    answers. A witness is one local member, not managed.
    """

    managed: bool
    node_region: str
    resolvable: frozenset[str]
    passwords: MongodbPasswords
    keyfile: pulumi.Input[str]
    encryption_key: pulumi.Input[str]

    replica_set: str = "rs0"
    shared_name: str = "mongodb-global"
    backup: MongodbBackup | None = None
    image: str = PSMDB_IMAGE.reference

    def __post_init__(self) -> None:
        """Raises ValueError for members that make no working set."""
        self._check_pods()
        self._check_votes()
        self._check_ports()
        self._check_names()

    @property
    def local_members(self) -> tuple[Member, ...]:
        """The members that run here, in the order of their pods."""
        return tuple(sorted((m for m in self.members if m.local), key=lambda member: member.index))

    @property
    def external_members(self) -> tuple[Member, ...]:
        """The members that run elsewhere."""
        return tuple(member for member in self.members if not member.local)

    def pod(self, member: Member) -> str:
        """The name of a local member's pod."""
        return f"{self.cluster_name}-{self.replica_set}-{member.index}"

    def _check_pods(self) -> None:
        count = len(self.local_members)
        if [member.index for member in self.local_members] != list(range(count)):
            raise ValueError(
                f"{self.cluster_name}: the local `members` have the indices "
                f"{[member.index for member in self.local_members]}. Pods are numbered from 0 without gaps, and an "
                "override for a pod that does not exist is ignored; number them so."
            )
        witness = count == 1 and not self.managed
        if not witness and (count < FEWEST_PODS or count % 2 == 0):
            raise ValueError(
                f"{self.cluster_name}: {count} local `members`. The operator accepts an odd number of pods, three at "
                "least (one for a witness, which manages nothing). Add a member with `votes` and `priority` 0, which "
                "keeps a copy and no vote."
            )

    def _check_votes(self) -> None:
        granted = votes_granted(self.members) if self.managed else [member.votes for member in self.members]
        robbed = [m.host for m, votes in zip(self.members, granted, strict=True) if votes < m.votes]
        if robbed or sum(granted) % 2 == 0 or sum(granted) > MOST_VOTERS:
            raise ValueError(
                f"{self.cluster_name}: the `members` have {sum(member.votes for member in self.members)} votes. "
                f"An even number cannot settle every split, so the operator takes one away"
                f"{f' (from {robbed[0]})' if robbed else ''}, and MongoDB allows {MOST_VOTERS} at most. Give an odd "
                "number of members a vote."
            )

    def _check_ports(self) -> None:
        ports = Counter(member.port for member in self.local_members)
        addresses = Counter(member.address for member in self.members)
        twice = [str(key) for counter in (ports, addresses) for key, count in counter.items() if count > 1]
        if twice:
            raise ValueError(
                f"{self.cluster_name}: {', '.join(twice)} used twice in `members`. A NodePort belongs to one Service "
                "of a cluster and an address to one member of a set; give each member its own."
            )

    def _check_names(self) -> None:
        strange = [member.host for member in self.local_members if member.region != self.node_region]
        if strange:
            raise ValueError(
                f"{self.cluster_name}: {', '.join(strange)}: `region` is not {self.node_region!r}, the region label of "
                "this cluster's nodes. The operator puts the nodes' label into the tag wherever it may read nodes, and "
                "reads by tag would go elsewhere. Give local members the label as their `region`."
            )
        unknown = sorted({member.host for member in self.members} - self.resolvable)
        if unknown:
            raise ValueError(
                f"{self.cluster_name}: no name server of the cluster answers for {', '.join(unknown)}. Members, the "
                "operator and applications find each other by these names, so the set would never form. Add them to "
                "the database names, or correct `host`."
            )
