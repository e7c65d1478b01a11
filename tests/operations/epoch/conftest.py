"""A real S3 server for the tests of the record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from lab import s3
from lab.s3 import S3Server
from operations.epoch.s3 import Bucket

_NUMBERS = count()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    if absent := s3.missing():
        pytest.skip(absent)
    with s3.serve(tmp_path_factory.mktemp("s3")) as (running, _):
        yield running


@pytest.fixture
def bucket(server: S3Server) -> Bucket:
    """A place of its own for each test."""
    return bucket_of(server, prefix=f"test-{next(_NUMBERS)}")


def bucket_of(server: S3Server, name: str = "authority", prefix: str = "authority") -> Bucket:
    return Bucket(
        name=name,
        endpoint=server.endpoint,
        access_key_id=server.access_key_id,
        secret_access_key=server.secret_access_key,
        prefix=prefix,
    )
