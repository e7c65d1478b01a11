"""The MongoDB members of one region."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.core.v1 import Service, ServiceInitArgs, ServicePortArgs, ServiceSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kubernetes import OPAQUE, TLS, StatusResource, secret
from components.mongodb import spec
from components.mongodb.args import MongodbArgs
from components.mongodb.members import Member


class MongodbReplicaSet(pulumi.ComponentResource):
    """One region's part of a replica set over several regions, on Percona's operator.

    `hosts` are the `host:port` of all members, those of this region first.
    """

    hosts: tuple[str, ...]

    def __init__(self, name: str, args: MongodbArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:mongodb:MongodbReplicaSet", name, None, opts)
        needs: list[pulumi.Resource] = [*self._secrets(name, args)]
        needs += [self._service(name, args, member) for member in args.local_members]
        StatusResource(
            f"{name}-cluster",
            api_version=spec.API_VERSION,
            kind="PerconaServerMongoDB",
            metadata=spec.metadata(args),
            spec=spec.cluster_spec(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=needs, protect=args.protect),
        )
        self.hosts = tuple(member.address for member in (*args.local_members, *args.external_members))
        self.register_outputs({"hosts": list(self.hosts)})

    def _secrets(self, name: str, args: MongodbArgs) -> list[pulumi.Resource]:
        names = spec.secret_names(args)
        certificate = {"ca.crt": args.ca_certificate, "tls.crt": args.certificate, "tls.key": args.private_key}
        app_user = {"username": args.app_user, "password": args.app_password}
        contents: list[tuple[str, str, dict[str, pulumi.Input[str]], str]] = [
            ("users", names["users"], spec.users(args), OPAQUE),
            ("ssl", names["ssl"], certificate, TLS),
            ("ssl-internal", names["sslInternal"], certificate, TLS),
            ("keyfile", names["keyFile"], {"mongodb-key": args.keyfile}, OPAQUE),
            ("encryption-key", names["encryptionKey"], {"encryption-key": args.encryption_key}, OPAQUE),
            ("app-user", spec.app_user_secret(args), app_user, OPAQUE),
        ]
        if args.backup is not None:
            credentials = {
                "AWS_ACCESS_KEY_ID": args.backup.access_key_id,
                "AWS_SECRET_ACCESS_KEY": args.backup.secret_access_key,
            }
            contents.append(("backup-credentials", spec.BACKUP_CREDENTIALS, credentials, OPAQUE))
        opts = pulumi.ResourceOptions(parent=self)
        return [
            secret(f"{name}-{key}", secret_name, args.namespace, data, type_=type_, opts=opts)
            for key, secret_name, data, type_ in contents
        ]

    def _service(self, name: str, args: MongodbArgs, member: Member) -> Service:
        """A port of the nodes for one pod, open before the pod is ready: members find themselves through it."""
        pod = args.pod(member)
        return Service(
            f"{name}-member-{member.index}",
            ServiceInitArgs(
                metadata=ObjectMetaArgs(
                    name=f"{pod}-mesh",
                    namespace=args.namespace,
                    # The pod does not exist yet, and Pulumi would wait for it to stand behind the Service.
                    annotations={"pulumi.com/skipAwait": "true"},
                ),
                spec=ServiceSpecArgs(
                    type="NodePort",
                    external_traffic_policy="Cluster",
                    selector={"statefulset.kubernetes.io/pod-name": pod},
                    publish_not_ready_addresses=True,
                    ports=[
                        ServicePortArgs(
                            name="mongodb",
                            port=spec.MONGODB_PORT,
                            target_port=spec.MONGODB_PORT,
                            node_port=member.port,
                            protocol="TCP",
                        )
                    ],
                ),
            ),
            pulumi.ResourceOptions(parent=self),
        )
