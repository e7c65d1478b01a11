"""The object store of a PostgreSQL cluster: where the Barman Cloud plugin keeps WAL and base backups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.kubernetes import StatusResource, secret

CREDENTIALS: Final = "r2-credentials"
ACCESS_KEY_ID: Final = "ACCESS_KEY_ID"
ACCESS_KEY: Final = "ACCESS_SECRET_KEY"

R2_ENVIRONMENT: Final = (
    {"name": "AWS_REQUEST_CHECKSUM_CALCULATION", "value": "when_required"},
    {"name": "AWS_RESPONSE_CHECKSUM_VALIDATION", "value": "when_required"},
)
"""R2 refuses the checksum trailers that the S3 client adds by default."""


@dataclass(frozen=True, kw_only=True)
class ObjectStoreArgs:
    """A bucket as PostgreSQL sees it. All regions use one store, each under server names of its own.

    `store_name` names the custom resource and is what clusters refer to; `path` is the prefix inside
    the bucket; `retention` is Barman's recovery window, such as `14d`.
    """

    namespace: pulumi.Input[str]
    bucket: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    access_key_id: pulumi.Input[str]
    secret_access_key: pulumi.Input[str]
    store_name: str = "r2"
    path: str = "cnpg"
    retention: str = "14d"


class ObjectStore(pulumi.ComponentResource):
    """The plugin's ObjectStore and the Secret it signs in with; `store_name` is the store's name."""

    store_name: str

    def __init__(self, name: str, args: ObjectStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:backup:ObjectStore", name, None, opts)
        self.store_name = args.store_name
        credentials = secret(
            f"{name}-credentials",
            CREDENTIALS,
            args.namespace,
            {ACCESS_KEY_ID: args.access_key_id, ACCESS_KEY: args.secret_access_key},
            opts=pulumi.ResourceOptions(parent=self),
        )
        StatusResource(
            f"{name}-store",
            api_version="barmancloud.cnpg.io/v1",
            kind="ObjectStore",
            metadata={"name": args.store_name, "namespace": args.namespace},
            spec=object_store_spec(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[credentials]),
        )
        self.register_outputs({"store_name": self.store_name})


def object_store_spec(args: ObjectStoreArgs) -> dict[str, Any]:
    """The `spec` of the ObjectStore.

    Compression is gzip because R2 wants the parts of a multipart upload of one size, which snappy's
    streaming does not give.
    """
    return {
        "retentionPolicy": args.retention,
        "configuration": {
            "destinationPath": pulumi.Output.concat("s3://", args.bucket, "/", args.path),
            "endpointURL": args.endpoint,
            "s3Credentials": {
                "accessKeyId": {"name": CREDENTIALS, "key": ACCESS_KEY_ID},
                "secretAccessKey": {"name": CREDENTIALS, "key": ACCESS_KEY},
            },
            "wal": {"compression": "gzip", "maxParallel": 4},
            "data": {"compression": "gzip", "jobs": 2, "immediateCheckpoint": True},
        },
        "instanceSidecarConfiguration": {"env": [dict(variable) for variable in R2_ENVIRONMENT]},
    }
