"""The custom resource of a PostgreSQL cluster, as data."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components.backup.object_store import ObjectStoreArgs
from components.postgres.args import ACTIVE_ACTIVE_PARAMETERS, WAN_PARAMETERS, PostgresArgs
from components.postgres.topology import ExternalCluster, InitDb

API_VERSION: Final = "postgresql.cnpg.io/v1"
PLUGIN: Final = "barman-cloud.cloudnative-pg.io"
CA: Final = "pg-dr-ca"
APP_CREDENTIALS: Final = "app-credentials"
REPLICATION_CREDENTIALS: Final = "pg-replication-credentials"
REPLICATION_ROLE: Final = "dr_replicator"
STREAMING_ROLE: Final = "streaming_replica"
EXTERNAL_SERVICE: Final = "pg-external"
POSTGRES_PORT: Final = 5432
GENERATION: Final = "openova.io/generation"
WAIT_FOR: Final = "pulumi.com/waitFor"
WAIT_TIMEOUT: Final = "pulumi.com/timeoutSeconds"
DEMOTION_TIMEOUT: Final = 600
"""Seconds to wait for a demotion token. In the lab it took 4; the shutdown checkpoint of a busy disk is longer."""


def cluster_metadata(args: PostgresArgs) -> dict[str, Any]:
    """Name, namespace and annotations. The wait is there only while this cluster is being demoted."""
    annotations = {GENERATION: str(args.generation)}
    if args.waits_for_demotion_token:
        annotations[WAIT_FOR] = "jsonpath={.status.demotionToken}"
        annotations[WAIT_TIMEOUT] = str(DEMOTION_TIMEOUT)
    return {"name": args.cluster_name, "namespace": args.namespace, "annotations": annotations}


SMART_SHUTDOWN_SECONDS: Final = 1
"""How long an instance that is restarted waits for its clients to leave, and lets nobody else in. Pools never leave:
with CloudNativePG's default of 180 s no new connection was taken for three minutes, half a minute after each promotion
(seen in the lab with idle connections)."""


WAL_SEGMENT_MB: Final = 4
"""Size of a WAL file. One that shuts down fills its file with zeros, and does not end before the other region has them
all: of PostgreSQL's 16 MB some 10 MB took 3 s over 150 ms, in a switchover and once more in the restart half a minute
after it (seen in the lab). Only a new cluster takes the size; copies have their source's."""


def cluster_spec(args: PostgresArgs) -> dict[str, Any]:
    """The `spec` of the Cluster."""
    spec: dict[str, Any] = {
        "instances": args.instances,
        "imageName": args.image,
        "primaryUpdateMethod": "restart",
        "smartShutdownTimeout": SMART_SHUTDOWN_SECONDS,
        "storage": {"size": args.storage_size, "storageClass": args.storage_class},
        "bootstrap": _bootstrap(args),
        "certificates": {"serverCASecret": CA, "clientCASecret": CA, "serverAltDNSNames": [args.host]},
        "postgresql": _postgresql(args),
        "affinity": {
            "enablePodAntiAffinity": True,
            "topologyKey": "kubernetes.io/hostname",
            "podAntiAffinityType": args.anti_affinity,
        },
        "resources": {
            "requests": {"cpu": args.cpu_request, "memory": args.memory},
            "limits": {"cpu": args.cpu_limit, "memory": args.memory},
        },
        "managed": _managed(args),
    }
    if args.role != "standalone":
        spec["replica"] = _replica(args)
    if args.external_clusters:
        spec["externalClusters"] = [_external_cluster(args, cluster) for cluster in args.external_clusters]
    if args.object_store is not None:
        spec["plugins"] = [{**_plugin(args.object_store, args.server_name), "isWALArchiver": True}]
    return spec


def _bootstrap(args: PostgresArgs) -> dict[str, Any]:
    database = {"database": args.database, "owner": args.owner, "secret": {"name": APP_CREDENTIALS}}
    if isinstance(args.bootstrap, InitDb):
        return {"initdb": {**database, "dataChecksums": True, "walSegmentSize": WAL_SEGMENT_MB}}
    return {"pg_basebackup": {"source": args.bootstrap.source, **database}}


def _replica(args: PostgresArgs) -> dict[str, Any]:
    replica: dict[str, Any] = {
        "self": args.self_name,
        "primary": args.primary_name,
        "source": args.source_name,
    }
    if args.promotion_token is not None:
        replica["promotionToken"] = pulumi.Output.secret(args.promotion_token)
    return replica


def _postgresql(args: PostgresArgs) -> dict[str, Any]:
    active_active = ACTIVE_ACTIVE_PARAMETERS if args.publications or args.subscriptions else {}
    postgresql: dict[str, Any] = {"parameters": {**WAN_PARAMETERS, **active_active, **args.parameters}}
    if args.synchronous is not None:
        postgresql["synchronous"] = {
            "method": args.synchronous.method,
            "number": args.synchronous.number,
            "dataDurability": args.synchronous.data_durability,
            "failoverQuorum": args.synchronous.failover_quorum,
        }
    if rules := _hba_rules(args):
        postgresql["pg_hba"] = rules
    return postgresql


def _hba_rules(args: PostgresArgs) -> list[str]:
    """Rules of ours, behind CNPG's own, which let `streaming_replica` in by certificate only.

    Logical replication asks for the database by its name, which CNPG's rules for that role (`replication`,
    `postgres`) do not cover; the map is the one that CNPG defines for its certificate.
    """
    rules = []
    if args.replication_auth == "password":
        rules.append(f"hostssl replication {REPLICATION_ROLE} {args.replication_sources} scram-sha-256")
    elif args.publications:
        rules.append(
            f"hostssl {args.database} {STREAMING_ROLE} {args.replication_sources} cert map=cnpg_streaming_replica"
        )
    return rules


def _external_cluster(args: PostgresArgs, cluster: ExternalCluster) -> dict[str, Any]:
    password = args.replication_auth == "password"
    entry: dict[str, Any] = {
        "name": cluster.name,
        "connectionParameters": {
            "host": cluster.host,
            "port": str(cluster.port),
            "user": REPLICATION_ROLE if password else STREAMING_ROLE,
            "dbname": args.database if args.role == "standalone" else "postgres",
            "sslmode": "verify-full",
            # A dead region's address swallows packets: without a limit the operator waits for minutes.
            "connect_timeout": "10",
        },
        "sslRootCert": {"name": CA, "key": "ca.crt"},
    }
    if password:
        entry["password"] = {"name": REPLICATION_CREDENTIALS, "key": "password"}
    else:
        certificate = f"{args.cluster_name}-replication"
        entry["sslCert"] = {"name": certificate, "key": "tls.crt"}
        entry["sslKey"] = {"name": certificate, "key": "tls.key"}
    if args.object_store is not None and cluster.server_name is not None:
        entry["plugin"] = _plugin(args.object_store, cluster.server_name)
    return entry


def _plugin(store: ObjectStoreArgs, server_name: str) -> dict[str, Any]:
    return {
        "name": PLUGIN,
        "parameters": {"barmanObjectName": store.store_name, "serverName": server_name},
    }


def _managed(args: PostgresArgs) -> dict[str, Any]:
    managed: dict[str, Any] = {"services": {"additional": [_external_service(args)]}}
    if args.replication_auth == "password":
        managed["roles"] = [
            {
                "name": REPLICATION_ROLE,
                "ensure": "present",
                "comment": "streams to other regions",
                "login": True,
                "replication": True,
                "passwordSecret": {"name": REPLICATION_CREDENTIALS},
            }
        ]
    return managed


def _external_service(args: PostgresArgs) -> dict[str, Any]:
    """The read-write service on a port of the nodes.

    Never a LoadBalancer: K3s would open it on every public address. The policy is Cluster because only
    the node that runs the primary would answer otherwise.
    """
    return {
        "selectorType": "rw",
        "serviceTemplate": {
            "metadata": {"name": EXTERNAL_SERVICE},
            "spec": {
                "type": "NodePort",
                "externalTrafficPolicy": "Cluster",
                "ports": [
                    {
                        "name": "postgres",
                        "port": POSTGRES_PORT,
                        "targetPort": POSTGRES_PORT,
                        "protocol": "TCP",
                        "nodePort": args.node_port,
                    }
                ],
            },
        },
    }
