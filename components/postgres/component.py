"""The PostgreSQL cluster of one region."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.backup.object_store import ObjectStore
from components.kubernetes import BASIC_AUTH, StatusResource, secret
from components.postgres import spec
from components.postgres.args import PostgresArgs
from components.postgres.attached import attached

RELOAD = {"cnpg.io/reload": "true"}
"""Makes the operator take over a changed Secret at once instead of at the next restart."""


class PostgresCluster(pulumi.ComponentResource):
    """A CloudNativePG cluster, alone or as a member of a topology over several regions.

    `demotion_token` is the token that CNPG left when this cluster was demoted, secret, `None` where it
    was not; a stack output keeps it until the next `up`, so the caller ties it to an epoch.
    `host` and `port` are where clients of every region reach it.
    """

    demotion_token: pulumi.Output[str | None]
    host: str
    port: int

    def __init__(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:postgres:PostgresCluster", name, None, opts)
        secrets = self._secrets(name, args)
        stores = self._object_store(name, args)
        cluster = self._cluster(name, args, [*secrets, *stores])
        self._attached(name, args, cluster)
        self.demotion_token = pulumi.Output.secret(cluster.status).apply(_demotion_token)
        self.host = args.host
        self.port = args.node_port
        self.register_outputs({"demotion_token": self.demotion_token, "host": self.host, "port": self.port})

    def _secrets(self, name: str, args: PostgresArgs) -> list[pulumi.Resource]:
        opts = pulumi.ResourceOptions(parent=self)
        authority = {
            "ca.crt": args.ca_certificate,
            "ca.key": pulumi.Output.secret(args.ca_private_key).apply(require_sec1),
        }
        owner = {"username": args.owner, "password": args.owner_password}
        secrets: list[Secret] = [
            secret(f"{name}-ca", spec.CA, args.namespace, authority, labels=RELOAD, opts=opts),
            secret(
                f"{name}-app-credentials",
                spec.APP_CREDENTIALS,
                args.namespace,
                owner,
                type_=BASIC_AUTH,
                labels=RELOAD,
                opts=opts,
            ),
        ]
        if args.replication_password is not None:
            replicator = {"username": spec.REPLICATION_ROLE, "password": args.replication_password}
            secrets.append(
                secret(
                    f"{name}-replication-credentials",
                    spec.REPLICATION_CREDENTIALS,
                    args.namespace,
                    replicator,
                    type_=BASIC_AUTH,
                    labels=RELOAD,
                    opts=opts,
                )
            )
        return [*secrets]

    def _object_store(self, name: str, args: PostgresArgs) -> list[pulumi.Resource]:
        if args.object_store is None:
            return []
        return [ObjectStore(f"{name}-object-store", args.object_store, pulumi.ResourceOptions(parent=self))]

    def _cluster(self, name: str, args: PostgresArgs, needs: list[pulumi.Resource]) -> StatusResource:
        return StatusResource(
            f"{name}-cluster",
            api_version=spec.API_VERSION,
            kind="Cluster",
            metadata=spec.cluster_metadata(args),
            spec=spec.cluster_spec(args),
            secret_status=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=needs,
                protect=args.protect,
                # CNPG cannot rewind a cluster that diverged: a new generation is a new cluster under the
                # same name, its volumes gone with the old one. `protect` has to be lifted for it.
                replace_on_changes=[f'metadata.annotations["{spec.GENERATION}"]'],
                delete_before_replace=True,
            ),
        )

    def _attached(self, name: str, args: PostgresArgs, cluster: StatusResource) -> None:
        for item in attached(args):
            StatusResource(
                f"{name}-{item.name}",
                api_version=spec.API_VERSION,
                kind=item.kind,
                metadata={"name": f"{args.cluster_name}-{item.object_name}", "namespace": args.namespace},
                spec=item.spec,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[cluster]),
            )


def require_sec1(private_key: str) -> str:
    """The key, if it is not visibly in a form that CNPG cannot sign with. Raises ValueError if it is."""
    first_line = private_key.lstrip().partition("\n")[0]
    if first_line.startswith("-----BEGIN") and "EC PRIVATE KEY" not in first_line:
        raise ValueError(
            f"The private key of the PostgreSQL authority begins with {first_line!r}. CNPG signs only with an "
            "elliptic-curve key in SEC1 form (EC PRIVATE KEY), and every certificate would fail. Make it with "
            "pulumi-tls (PrivateKey, ECDSA) or `openssl ec`, and pass it as `ca_private_key`."
        )
    return private_key


def _demotion_token(status: object) -> str | None:
    token = status.get("demotionToken") if isinstance(status, dict) else None
    return str(token) if token else None
