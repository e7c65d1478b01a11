"""What runs in a region's cluster beside its databases."""

from __future__ import annotations

import pulumi

from components.app import AppEnvironment, AppEnvironmentArgs, Endpoint, Workload
from components.edge.connector import TunnelConnector, TunnelConnectorArgs
from components.edge.connector_pod import ConnectorHealth
from components.names import DatabaseNames, DatabaseNamesArgs
from components.observability import Observability
from regions.contract import SharedOutputs
from regions.inputs import SecretInput
from regions.late import text_of
from regions.members import reachable_members
from regions.names import database_names
from regions.observability import observability_args
from regions.references import Peer
from regions.snapshots import snapshot_credentials
from settings.data import ApplicationSettings
from settings.naming import INGRESS_SERVICE, edge_hosts, health_host, postgres_host
from settings.platform import Platform, RegionLine
from settings.stacks import RegionStack


class RegionServices(pulumi.ComponentResource):
    """Names of the databases, applications' connection details, snapshots' credentials, the tunnel's connector."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        stack: RegionStack,
        shared: Peer[SharedOutputs],
        secret_input: SecretInput,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("openova:regions:RegionServices", name, None, opts)
        self._name, self._platform, self._shared = name, platform, shared
        self._line = platform.region(stack.code)
        here = pulumi.ResourceOptions(parent=self)
        DatabaseNames(f"{name}-names", DatabaseNamesArgs(hosts=database_names(platform)), here)
        for application in platform.applications:
            AppEnvironment(f"{name}-{application.name}", self._environment(application), here)
        if platform.backups.enabled:
            snapshot_credentials(f"{name}-etcd-snapshots", stack.code, shared, here)
        watched = observability_args(platform, stack, secret_input)
        if watched is not None:
            Observability(f"{name}-observability", watched, here)
        if platform.edge.mode == "tunnel":
            TunnelConnector(f"{name}-connector", self._connector(), here)
        self.register_outputs({})

    def _connector(self) -> TunnelConnectorArgs:
        edge = self._platform.edge
        health = ConnectorHealth(
            url=f"{INGRESS_SERVICE}{edge.monitor.path}",
            host=edge_hosts(self._platform)[0],
            interval=edge.check_interval,
            timeout=edge.monitor.timeout,
            failures=edge.monitor.retries + 1,
        )
        replicas = 0 if self._line.code in edge.drained else 2
        return TunnelConnectorArgs(token=self._shared.output("tunnel_token"), health=health, replicas=replicas)

    def _environment(self, application: ApplicationSettings) -> AppEnvironmentArgs:
        platform, line = self._platform, self._line
        postgres, mongodb = self._shared.output("postgres_keys"), self._shared.output("mongodb_keys")
        members = reachable_members(platform, local=line.code)
        return AppEnvironmentArgs(
            namespace=application.namespace,
            region=line.name,
            primary_endpoints=_endpoints(platform, line.code, platform.authority.primary),
            replica_endpoints=(_local_standbys(platform, line), *_endpoints(platform, line.code)),
            database_password=text_of(postgres, "ownerPassword"),
            database_authority=text_of(postgres, "certificate"),
            database=platform.postgres.database,
            database_user=platform.postgres.owner,
            mongodb_members=members,
            mongodb_password=mongodb.apply(lambda keys: str(keys["passwords"]["app"])) if members else "",
            mongodb_authority=text_of(mongodb, "certificateAuthority") if members else "",
            mongodb_replica_set=platform.mongodb.name if platform.mongodb.operator == "community" else "rs0",
            workload=_workload(platform, line, application),
        )


def _endpoints(platform: Platform, *first: str) -> tuple[Endpoint, ...]:
    """Every region's writer port, those of `first` before the others.

    A region's own comes first, for writes too: one that only reads says so at once, while a writer that is
    lost says nothing, and each new connection of the region that takes over would wait for it.
    """
    codes = dict.fromkeys([*first, *platform.codes])
    lines = [platform.region(code) for code in codes]
    return tuple(Endpoint(host=postgres_host(platform, line), port=platform.postgres.node_port) for line in lines)


def _local_standbys(platform: Platform, line: RegionLine) -> Endpoint:
    """CloudNativePG's own Service of the standbys: reads stay in the region, whichever region writes."""
    return Endpoint(host=f"{line.postgres.cluster}-ro.{platform.postgres.namespace}.svc", port=5432)


def _workload(platform: Platform, line: RegionLine, application: ApplicationSettings) -> Workload | None:
    if application.image is None:
        return None
    return Workload(
        image=application.image,
        hosts=(*edge_hosts(platform), health_host(platform, line.code)),
        port=application.port,
        health_path=platform.edge.monitor.path,
        replicas=application.replicas,
        tls_secret=application.tls_secret,
    )
