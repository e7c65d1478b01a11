"""What an application finds in its namespace: where its databases are, and how to trust them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapInitArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.app.urls import Endpoint, SessionAttributes, database_url
from components.app.workload import AppWorkload, AppWorkloadArgs, Workload
from components.kubernetes import namespace, secret
from components.mongodb.members import Member
from components.mongodb.uri import connection_uri

ENVIRONMENT: Final = "databases"
"""The Secret whose keys are the application's environment variables."""

AUTHORITIES: Final = "database-authorities"
"""The ConfigMap with the certificates of the authorities that the databases' certificates come from."""

AUTHORITIES_PATH: Final = "/etc/openova/authorities"
"""Where an application mounts that ConfigMap: the URLs name files below it."""

POSTGRES_AUTHORITY: Final = "postgres.crt"
MONGODB_AUTHORITY: Final = "mongodb.crt"


@dataclass(frozen=True, kw_only=True)
class AppEnvironmentArgs:
    """One application's namespace in one region.

    `region` is the value of the MongoDB members' tag. `primary_endpoints` lists every region's writer port,
    `replica_endpoints` what reads should try, both in their order. Without `mongodb_members` there is no
    MongoDB; without `workload` nothing is run.
    """

    namespace: str
    region: str

    primary_endpoints: tuple[Endpoint, ...]
    replica_endpoints: tuple[Endpoint, ...]
    database_password: pulumi.Input[str]
    database_authority: pulumi.Input[str]
    database: str = "app"
    database_user: str = "app"

    mongodb_members: tuple[Member, ...] = ()
    mongodb_password: pulumi.Input[str] = ""
    mongodb_authority: pulumi.Input[str] = ""
    mongodb_database: str = "app"
    mongodb_user: str = "app"
    mongodb_replica_set: str = "rs0"

    workload: Workload | None = None


class AppEnvironment(pulumi.ComponentResource):
    """The namespace, the Secret `databases` and the ConfigMap `database-authorities` of an application.

    The Secret holds DATABASE_PRIMARY_URL, DATABASE_REPLICA_URL, REGION and, with MongoDB, MONGODB_URI.
    `secret_name`, `authorities_name` and `namespace_name` name the three.
    """

    namespace_name: pulumi.Output[str]
    secret_name: str
    authorities_name: str

    def __init__(self, name: str, args: AppEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:app:AppEnvironment", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        own = namespace(f"{name}-namespace", args.namespace, opts=child)
        self.namespace_name = own.metadata["name"]
        self.secret_name, self.authorities_name = ENVIRONMENT, AUTHORITIES
        variables = environment(args)
        databases = secret(f"{name}-databases", ENVIRONMENT, self.namespace_name, variables, opts=child)
        authorities = ConfigMap(
            f"{name}-authorities",
            ConfigMapInitArgs(
                metadata=ObjectMetaArgs(name=AUTHORITIES, namespace=self.namespace_name),
                data=_authorities(args),
            ),
            child,
        )
        if args.workload is not None:
            AppWorkload(
                f"{name}-workload",
                AppWorkloadArgs(
                    namespace=self.namespace_name,
                    workload=args.workload,
                    environment_secret=ENVIRONMENT,
                    environment=variables,
                    authorities=AUTHORITIES,
                    authorities_path=AUTHORITIES_PATH,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=[databases, authorities]),
            )
        self.register_outputs(
            {
                "namespace_name": self.namespace_name,
                "secret_name": self.secret_name,
                "authorities_name": self.authorities_name,
            }
        )


def environment(args: AppEnvironmentArgs) -> dict[str, pulumi.Input[str]]:
    """The application's environment variables, secret where they hold a password."""
    variables: dict[str, pulumi.Input[str]] = {
        "DATABASE_PRIMARY_URL": _database_url(args, args.primary_endpoints, "read-write"),
        "DATABASE_REPLICA_URL": _database_url(args, args.replica_endpoints, "prefer-standby"),
        "REGION": args.region,
    }
    if args.mongodb_members:
        variables["MONGODB_URI"] = _mongodb_uri(args)
    return variables


def _database_url(
    args: AppEnvironmentArgs, endpoints: tuple[Endpoint, ...], target: SessionAttributes
) -> pulumi.Output[str]:
    def url(password: str) -> str:
        return database_url(
            endpoints,
            username=args.database_user,
            password=password,
            database=args.database,
            target=target,
            ca_file=f"{AUTHORITIES_PATH}/{POSTGRES_AUTHORITY}",
        )

    return pulumi.Output.secret(args.database_password).apply(url)


def _mongodb_uri(args: AppEnvironmentArgs) -> pulumi.Output[str]:
    def uri(password: str) -> str:
        return connection_uri(
            args.mongodb_members,
            username=args.mongodb_user,
            password=password,
            database=args.mongodb_database,
            replica_set=args.mongodb_replica_set,
            region=args.region,
            ca_file=f"{AUTHORITIES_PATH}/{MONGODB_AUTHORITY}",
        )

    return pulumi.Output.secret(args.mongodb_password).apply(uri)


def _authorities(args: AppEnvironmentArgs) -> dict[str, pulumi.Input[str]]:
    """Certificates are public: an output that came here as secret is shown again."""
    authorities = {POSTGRES_AUTHORITY: args.database_authority}
    if args.mongodb_members:
        authorities[MONGODB_AUTHORITY] = args.mongodb_authority
    return {
        name: pulumi.Output.unsecret(pulumi.Output.from_input(certificate)) for name, certificate in authorities.items()
    }
