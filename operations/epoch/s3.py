"""The record as objects of a bucket: Cloudflare R2, or any S3 that heeds conditions of a PutObject.

`obstore` does the requests (the Rust crate object_store): one wheel without dependencies of its own, which a guard's
image can hold, against a dozen packages of boto3; its conditional put sends If-Match and If-None-Match as R2 takes them
(developers.cloudflare.com/r2/api/s3/conditional-operations). It is told never to repeat a request: after an answer that
was lost, a repeated write would find its own first try and report a conflict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store
from pydantic import ValidationError

from operations.epoch.record import EpochRecord, Stated, Statement, Versioned, text_of
from operations.epoch.store import Conflict, Refused, Unreachable, Unreadable

TIMEOUT: Final = 3.0
"""Seconds for a whole request. A new TLS connection from India to a store in Europe takes four round trips: 0.6 s."""

_REFUSALS: Final = ("NoSuchBucket", "status code: 401", "status code: 403")
"""What object_store passes on without an error of its own: every answer to a listing but success."""

_Model = TypeVar("_Model", EpochRecord, Statement)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where the objects lie, and with which keys. `root_certificate` (PEM) is one more authority to trust."""

    name: str
    endpoint: str
    access_key_id: str
    secret_access_key: str
    prefix: str = "authority"
    region: str = "auto"
    root_certificate: str | None = None

    def __repr__(self) -> str:
        return f"Bucket({self.endpoint}/{self.name}/{self.prefix})"


def bucket_of(outputs: Mapping[str, Any], certificate: str | None) -> Bucket:
    """From the outputs of the stack `shared`. Raises KeyError or TypeError where they do not have it."""
    place, keys = outputs["guard"], outputs["guardCredentials"]
    return Bucket(
        name=place["bucket"],
        endpoint=place["endpoint"],
        access_key_id=keys["accessKeyId"],
        secret_access_key=keys["secretAccessKey"],
        root_certificate=certificate,
    )


class S3EpochStore:
    """`<prefix>/record.json`, and `<prefix>/nodes/<region>/<node>.json` for each node's statement."""

    def __init__(self, bucket: Bucket, timeout: float = TIMEOUT) -> None:
        limit = timedelta(seconds=timeout)
        self._bucket, self._prefix = bucket, bucket.prefix.strip("/")
        self._store = S3Store(
            bucket.name,
            endpoint=bucket.endpoint,
            access_key_id=bucket.access_key_id,
            secret_access_key=bucket.secret_access_key,
            region=bucket.region,
            virtual_hosted_style_request=False,
            client_options={
                "timeout": limit,
                "connect_timeout": limit,
                "allow_http": bucket.endpoint.startswith("http://"),
                **({"root_certificate": bucket.root_certificate} if bucket.root_certificate else {}),
            },
            retry_config={"max_retries": 0},
        )

    def read(self) -> Versioned | None:
        """As EpochStore says."""
        with self._faults("read the record"):
            try:
                found = obstore.get(self._store, self._record)
                text, meta = bytes(found.bytes()), found.meta
            except FileNotFoundError:
                self._require_bucket()
                return None
        version = meta["e_tag"]
        if not version:
            raise Unreadable(f"{self._bucket} gives no ETag, so no write to it could be conditional")
        return Versioned(
            record=_parsed(self._record, EpochRecord, text),
            version=version,
            stored=meta["last_modified"],
        )

    def write(self, record: EpochRecord, expected: Versioned | None) -> str:
        """As EpochStore says."""
        if expected is not None and not record.replaces(expected.record):
            raise Conflict(
                f"Epoch {record.epoch} of {record.primary} may not take the place of epoch {expected.record.epoch} of "
                f"{expected.record.primary}: an epoch never falls, and has one primary."
            )
        with self._faults("write the record"):
            done = obstore.put(
                self._store,
                self._record,
                text_of(record),
                mode="create" if expected is None else {"e_tag": expected.version},
                use_multipart=False,
            )
        return str(done["e_tag"])

    def state(self, statement: Statement) -> None:
        """As EpochStore says."""
        with self._faults("write a statement"):
            obstore.put(
                self._store,
                f"{self._nodes(statement.region)}/{statement.node}.json",
                text_of(statement),
                use_multipart=False,
            )

    def statements(self, region: str) -> Sequence[Stated]:
        """As EpochStore says."""
        found: list[Stated] = []
        with self._faults("read the statements"):
            for page in obstore.list(self._store, prefix=self._nodes(region)):
                for meta in page:
                    path = str(meta["path"])
                    answer = obstore.get(self._store, path)
                    statement = _parsed(path, Statement, bytes(answer.bytes()))
                    found.append(Stated(statement=statement, stored=answer.meta["last_modified"]))
        return tuple(found)

    @property
    def _record(self) -> str:
        return f"{self._prefix}/record.json"

    def _nodes(self, region: str) -> str:
        return f"{self._prefix}/nodes/{region}"

    def _require_bucket(self) -> None:
        """No object, or no bucket? The same answer means either, and the second is a mistake."""
        next(iter(obstore.list(self._store, prefix=self._prefix)), None)

    @contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        try:
            yield
        except (AlreadyExistsError, PreconditionError) as error:  # 412, and 409 of two writes that overlap
            raise Conflict(f"{self._bucket}: another writer came first.") from error
        except (PermissionDeniedError, UnauthenticatedError, FileNotFoundError) as error:
            raise Refused(f"{self._bucket}: could not {what}: {_line(error)}") from error
        except BaseError as error:
            if any(mark in str(error) for mark in _REFUSALS):
                raise Refused(f"{self._bucket}: could not {what}: {_line(error)}") from error
            raise Unreachable(f"{self._bucket}: could not {what}: {_line(error)}") from error


def _parsed(path: str, kind: type[_Model], text: bytes) -> _Model:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise Unreadable(f"{path}: {error.errors()[0]['msg']}") from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
