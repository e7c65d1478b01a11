"""What K3s needs to send its etcd snapshots away."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from regions.cluster import ETCD_SNAPSHOT_SECRET
from regions.contract import SharedOutputs
from regions.late import backup_bucket
from regions.references import Peer


def snapshot_credentials(name: str, code: str, shared: Peer[SharedOutputs], opts: pulumi.ResourceOptions) -> Secret:
    """What K3s reads to send etcd snapshots to R2 (K3s documentation, S3 configuration Secret)."""
    bucket = backup_bucket(shared)
    return Secret(
        name,
        metadata={"name": ETCD_SNAPSHOT_SECRET, "namespace": "kube-system"},
        type="etcd.k3s.cattle.io/s3-config-secret",
        string_data={
            "etcd-s3-endpoint": bucket.endpoint.apply(lambda url: url.removeprefix("https://")),
            "etcd-s3-bucket": bucket.name,
            "etcd-s3-folder": f"etcd/{code}",
            "etcd-s3-region": "auto",
            "etcd-s3-access-key": bucket.access_key_id,
            "etcd-s3-secret-key": bucket.secret_access_key,
        },
        opts=opts,
    )
