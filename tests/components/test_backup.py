"""Backups: buckets that outlive their stack, and the object store of PostgreSQL."""

from __future__ import annotations

import subprocess
import sys

import pulumi
import pytest

from components.backup.buckets import BackupBuckets, BackupBucketsArgs, Bucket
from components.backup.object_store import ObjectStore, ObjectStoreArgs
from operations.plan.recorded import Evaluation
from operations.plan.values import reveal
from tests.recording import record

BUCKET = "cloudflare:index/r2Bucket:R2Bucket"
BUCKETS = BackupBucketsArgs(
    account_id="0123",
    buckets={
        "postgres": Bucket(name="openova-postgres", location="weur", jurisdiction="eu"),
        "mongodb": Bucket(name="openova-mongodb", location="apac"),
    },
)
STORE = ObjectStoreArgs(
    namespace="databases",
    bucket="openova-postgres",
    endpoint="https://0123.r2.cloudflarestorage.com",
    access_key_id="id",
    secret_access_key="key",
)


def buckets(args: BackupBucketsArgs = BUCKETS) -> Evaluation:
    """The buckets, registered, with their names and endpoints as stack outputs."""

    def program() -> None:
        made = BackupBuckets("backups", args)
        pulumi.export("names", made.names)
        pulumi.export("endpoints", made.endpoints)

    return record(program)


def test_a_bucket_survives_the_stack_that_made_it() -> None:
    for bucket in buckets().of_type(BUCKET):
        assert bucket.protect
        assert bucket.retain_on_delete


def test_a_bucket_stays_when_protection_is_lifted() -> None:
    args = BackupBucketsArgs(account_id="0123", buckets=BUCKETS.buckets, protect=False)
    for bucket in buckets(args).of_type(BUCKET):
        assert not bucket.protect
        assert bucket.retain_on_delete


def test_a_bucket_of_a_jurisdiction_answers_under_that_jurisdictions_name() -> None:
    assert buckets().outputs["endpoints"] == {
        "postgres": "https://0123.eu.r2.cloudflarestorage.com",
        "mongodb": "https://0123.r2.cloudflarestorage.com",
    }


def test_location_and_jurisdiction_reach_the_bucket() -> None:
    inputs = buckets().named("backups-postgres").inputs
    assert (inputs["name"], inputs["location"], inputs["jurisdiction"]) == ("openova-postgres", "weur", "eu")


def test_r2_gets_no_checksums_that_it_refuses_and_no_compression_that_it_cannot_take() -> None:
    evaluation = record(lambda: ObjectStore("store", STORE))
    spec = evaluation.named("store-store").inputs["spec"]
    assert {(e["name"], e["value"]) for e in spec["instanceSidecarConfiguration"]["env"]} == {
        ("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required"),
        ("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required"),
    }
    configuration = spec["configuration"]
    assert configuration["wal"]["compression"] == configuration["data"]["compression"] == "gzip"
    assert configuration["destinationPath"] == "s3://openova-postgres/cnpg"


def test_the_store_signs_in_with_the_secret_beside_it() -> None:
    evaluation = record(lambda: ObjectStore("store", STORE))
    credentials = evaluation.named("store-credentials").inputs
    reference = evaluation.named("store-store").inputs["spec"]["configuration"]["s3Credentials"]
    data = reveal(credentials["stringData"])
    assert reference["accessKeyId"]["name"] == credentials["metadata"]["name"]
    assert data[reference["accessKeyId"]["key"]] == "id"
    assert data[reference["secretAccessKey"]["key"]] == "key"


@pytest.mark.parametrize(
    ("modules", "stranger"),
    [
        ("components.backup.buckets", "pulumi_kubernetes"),
        (
            "components.backup.object_store, components.postgres, components.mongodb, components.app, "
            "components.names, components.observability",
            "pulumi_cloudflare",
        ),
    ],
)
def test_a_stack_imports_no_provider_that_it_does_not_use(modules: str, stranger: str) -> None:
    probe = f"import sys, {modules}; sys.exit({stranger!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
