"""The custom resource of a region's MongoDB members, as data."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components.mongodb.args import MongodbArgs, MongodbBackup
from components.mongodb.members import FEWEST_PODS, Member
from settings.versions import PBM_IMAGE, PSMDB_CR_VERSION

API_VERSION: Final = "psmdb.percona.com/v1"
MONGODB_PORT: Final = 27017
STORAGE: Final = "r2"
BACKUP_CREDENTIALS: Final = "mongodb-r2"
FINALIZER: Final = "percona.com/delete-psmdb-pods-in-order"

CONFIGURATION: Final = "net:\n  tls:\n    allowConnectionsWithoutCertificates: true\n"
"""With requireTLS, mongod asks every application for a client certificate unless it is told not to. Members
still prove themselves to each other with the keyfile, and applications with a password."""


def secret_names(args: MongodbArgs) -> dict[str, str]:
    """The names of the shared Secrets, as the custom resource refers to them."""
    prefix = args.shared_name
    return {
        "users": f"{prefix}-users",
        "ssl": f"{prefix}-ssl",
        "sslInternal": f"{prefix}-ssl-internal",
        "keyFile": f"{prefix}-keyfile",
        "encryptionKey": f"{prefix}-encryption-key",
    }


def app_user_secret(args: MongodbArgs) -> str:
    """The Secret that holds the application user's password."""
    return f"{args.shared_name}-app-user"


def metadata(args: MongodbArgs) -> dict[str, Any]:
    """Name and namespace; the managed side has its pods stopped in order, primary last."""
    finalizers = {"finalizers": [FINALIZER]} if args.managed else {}
    return {"name": args.cluster_name, "namespace": args.namespace, **finalizers}


def cluster_spec(args: MongodbArgs) -> dict[str, Any]:
    """The `spec` of the PerconaServerMongoDB."""
    spec: dict[str, Any] = {
        "crVersion": PSMDB_CR_VERSION,
        "image": args.image,
        "unmanaged": not args.managed,
        # The operator refuses SmartUpdate where it may not step a primary down.
        # A witness is one pod, on purpose.
        **({"unsafeFlags": {"replsetSize": True}} if len(args.local_members) < FEWEST_PODS else {}),
        "updateStrategy": "SmartUpdate" if args.managed else "RollingUpdate",
        "clusterServiceDNSMode": "Internal",
        "upgradeOptions": {"apply": "disabled", "setFCV": False},
        "tls": {"mode": "requireTLS", "allowInvalidCertificates": False},
        "secrets": secret_names(args),
        "replsets": [_replica_set(args)],
        "sharding": {"enabled": False},
        "backup": _backup(args),
    }
    if args.managed:
        spec["users"] = [
            {
                "name": args.app_user,
                "db": "admin",
                "passwordSecretRef": {"name": app_user_secret(args), "key": "password"},
                "roles": [{"name": "readWrite", "db": args.app_database}],
            }
        ]
    return spec


def _replica_set(args: MongodbArgs) -> dict[str, Any]:
    return {
        "name": args.replica_set,
        "size": len(args.local_members),
        "affinity": {"antiAffinityTopologyKey": "kubernetes.io/hostname"},
        "expose": {"enabled": False},
        "configuration": CONFIGURATION,
        "replsetOverrides": {args.pod(member): _override(member) for member in args.local_members},
        # Ignored while unmanaged, but a switchover would evict every member that is missing here.
        "externalNodes": [_external(member) for member in args.external_members],
        "resources": {
            "requests": {"cpu": args.cpu_request, "memory": args.memory},
            "limits": {"cpu": args.cpu_limit, "memory": args.memory},
        },
        "volumeSpec": {
            "persistentVolumeClaim": {
                "storageClassName": args.storage_class,
                "resources": {"requests": {"storage": args.storage_size}},
            }
        },
    }


def _override(member: Member) -> dict[str, Any]:
    return {"host": member.address, "priority": member.priority, "tags": {"region": member.region}}


def _external(member: Member) -> dict[str, Any]:
    return {
        "host": member.host,
        "port": member.port,
        "votes": member.votes,
        "priority": member.priority,
        "tags": {"region": member.region},
    }


def _backup(args: MongodbArgs) -> dict[str, Any]:
    if args.backup is None or not args.managed:
        return {"enabled": False, "image": PBM_IMAGE.reference}
    return {
        "enabled": True,
        "image": PBM_IMAGE.reference,
        "storages": {STORAGE: _storage(args.backup)},
        "pitr": {"enabled": True, "oplogSpanMin": args.backup.oplog_minutes, "compressionType": "gzip"},
        "tasks": [
            {
                "name": "daily",
                "enabled": True,
                "schedule": args.backup.schedule,
                "storageName": STORAGE,
                "type": "logical",
                "retention": {"type": "count", "count": args.backup.keep, "deleteFromStorage": True},
            }
        ],
    }


def _storage(backup: MongodbBackup) -> dict[str, Any]:
    return {
        "main": True,
        "type": "s3",
        "s3": {
            "bucket": backup.bucket,
            "region": "auto",
            "prefix": backup.prefix,
            "endpointUrl": backup.endpoint,
            "credentialsSecret": BACKUP_CREDENTIALS,
        },
    }


def users(args: MongodbArgs) -> dict[str, pulumi.Input[str]]:
    """The content of the users' Secret, in the operator's keys."""
    passwords = args.passwords
    return {
        "MONGODB_BACKUP_USER": "backup",
        "MONGODB_BACKUP_PASSWORD": passwords.backup,
        "MONGODB_DATABASE_ADMIN_USER": "databaseAdmin",
        "MONGODB_DATABASE_ADMIN_PASSWORD": passwords.database_admin,
        "MONGODB_CLUSTER_ADMIN_USER": "clusterAdmin",
        "MONGODB_CLUSTER_ADMIN_PASSWORD": passwords.cluster_admin,
        "MONGODB_CLUSTER_MONITOR_USER": "clusterMonitor",
        "MONGODB_CLUSTER_MONITOR_PASSWORD": passwords.cluster_monitor,
        "MONGODB_USER_ADMIN_USER": "userAdmin",
        "MONGODB_USER_ADMIN_PASSWORD": passwords.user_admin,
    }
