"""MongoDB in one region on MongoDB's own operator, which cannot span two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.kubernetes import TLS, StatusResource, secret
from components.mongodb.args import MongodbSetArgs
from components.mongodb.members import Member
from settings.versions import MONGODB_COMMUNITY

API_VERSION: Final = "mongodbcommunity.mongodb.com/v1"


@dataclass(frozen=True, kw_only=True)
class MongodbCommunityArgs(MongodbSetArgs):
    """A replica set whose members are all pods of this cluster.

    Of `members` only votes, priority and region are used: the operator names the hosts itself.
    """

    cluster_name: str = "mongodb-global"
    version: str = MONGODB_COMMUNITY

    def __post_init__(self) -> None:
        """Raises ValueError for members that this operator cannot run."""
        if not self.members or not all(member.local for member in self.members):
            raise ValueError(
                f"{self.cluster_name}: `members` must all be local, and there must be one. The community operator "
                "knows no external members: two clusters would be two replica sets. Use the percona operator "
                "for more than one region."
            )

    def host(self, member: Member) -> str:
        """The name that the operator gives to a member; valid inside this cluster only."""
        return f"{self.cluster_name}-{member.index}.{self.cluster_name}-svc"


class MongodbCommunity(pulumi.ComponentResource):
    """A MongoDBCommunity resource with the members' votes, priorities and tags, its user and certificate."""

    def __init__(self, name: str, args: MongodbCommunityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:mongodb:MongodbCommunity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.cluster_name
        needs: list[pulumi.Resource] = [
            secret(
                f"{name}-app-user",
                f"{names}-app-user",
                args.namespace,
                {"password": args.app_password},
                opts=child,
            ),
            secret(
                f"{name}-certificate",
                f"{names}-certificate",
                args.namespace,
                {"tls.crt": args.certificate, "tls.key": args.private_key},
                type_=TLS,
                opts=child,
            ),
            secret(f"{name}-ca", f"{names}-ca", args.namespace, {"ca.crt": args.ca_certificate}, opts=child),
        ]
        StatusResource(
            f"{name}-cluster",
            api_version=API_VERSION,
            kind="MongoDBCommunity",
            metadata={"name": args.cluster_name, "namespace": args.namespace},
            spec=community_spec(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=needs, protect=args.protect),
        )
        self.register_outputs({"cluster_name": args.cluster_name})


def community_spec(args: MongodbCommunityArgs) -> dict[str, Any]:
    """The `spec` of the MongoDBCommunity. Priorities are strings there."""
    return {
        "type": "ReplicaSet",
        "members": len(args.members),
        "version": args.version,
        "memberConfig": [
            {"votes": member.votes, "priority": str(member.priority), "tags": {"region": member.region}}
            for member in args.members
        ],
        "security": {
            "authentication": {"modes": ["SCRAM-SHA-256"]},
            "tls": {
                "enabled": True,
                "certificateKeySecretRef": {"name": f"{args.cluster_name}-certificate"},
                "caCertificateSecretRef": {"name": f"{args.cluster_name}-ca"},
            },
        },
        "users": [
            {
                "name": args.app_user,
                "db": "admin",
                "passwordSecretRef": {"name": f"{args.cluster_name}-app-user"},
                "roles": [{"name": "readWrite", "db": args.app_database}],
                "scramCredentialsSecretName": f"{args.cluster_name}-app-user-scram",
            }
        ],
        "statefulSet": {"spec": _stateful_set(args)},
    }


def _stateful_set(args: MongodbCommunityArgs) -> dict[str, Any]:
    """What is laid over the operator's StatefulSet; containers and volumes are matched by the operator's names."""
    resources = {
        "requests": {"cpu": args.cpu_request, "memory": args.memory},
        "limits": {"cpu": args.cpu_limit, "memory": args.memory},
    }
    return {
        "template": {"spec": {"containers": [{"name": "mongod", "resources": resources}]}},
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "data-volume"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": args.storage_class,
                    "resources": {"requests": {"storage": args.storage_size}},
                },
            }
        ],
    }
