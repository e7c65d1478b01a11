"""The record on a real S3 server."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from lab import s3
from lab.s3 import S3Server
from lab.s3.server import free_port
from operations.epoch import Conflict, EpochRecord, Refused, StoreError, Unreachable, Unreadable, claim
from operations.epoch.s3 import Bucket, S3EpochStore
from tests.operations.epoch.conftest import bucket_of
from tests.operations.epoch.records import record, statement

pytestmark = pytest.mark.lab
ROUNDS = 60
SHORT = 0.3


def test_what_was_written_is_read(bucket: Bucket) -> None:
    store = S3EpochStore(bucket)
    assert store.read() is None
    version = store.write(record(claimed_by="a person"), None)
    found = store.read()
    assert found is not None
    assert (found.record, found.version) == (record(claimed_by="a person"), version)
    assert found.stored.tzinfo is not None


@pytest.mark.parametrize("writers", [2, 5])
def test_of_writers_at_one_time_exactly_one_succeeds(bucket: Bucket, writers: int) -> None:
    stores = [S3EpochStore(bucket) for _ in range(writers)]
    together = Barrier(writers)

    def write(store: S3EpochStore, number: int, epoch: int) -> str | None:
        expected = store.read()
        together.wait()
        try:
            primary = ("eu", "in")[epoch % 2]
            return store.write(record(epoch, primary, claimed_by=str(number)), expected)
        except Conflict:
            return None

    with ThreadPoolExecutor(writers) as pool:
        for epoch in range(1, ROUNDS + 1):
            versions = list(pool.map(write, stores, range(writers), [epoch] * writers))
            (winner,) = [number for number, version in enumerate(versions) if version is not None]
            found = stores[0].read()
            assert found is not None
            assert (found.record.claimed_by, found.version) == (str(winner), versions[winner])


def test_two_operators_who_claim_one_epoch_for_different_regions_never_both_succeed(bucket: Bucket) -> None:
    S3EpochStore(bucket).write(record(), None)
    claims = [EpochRecord(**(vars(record(2, "in")) | {"primary": code, "previous": "eu"})) for code in ("in", "sg")]
    outcomes = []

    def run(mine: EpochRecord) -> None:
        try:
            claim(S3EpochStore(bucket), mine)
        except Conflict:
            outcomes.append("")
        else:
            outcomes.append(mine.primary)

    threads = [threading.Thread(target=run, args=(mine,)) for mine in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = S3EpochStore(bucket).read()
    assert found is not None
    assert sorted(outcomes) == sorted(["", found.record.primary])


def test_an_older_epoch_never_takes_the_place_of_a_newer_one(bucket: Bucket) -> None:
    store = S3EpochStore(bucket)
    store.write(record(), None)
    store.write(record(3, "in"), store.read())
    standing = store.read()
    for late in (record(), record(2, "in"), record(3, "eu")):
        with pytest.raises(Conflict):
            store.write(late, standing)
        with pytest.raises(Conflict):
            store.write(late, None)
        with pytest.raises(Conflict):
            claim(store, late)
    assert store.read() == standing


def test_within_an_epoch_a_switchover_may_become_a_failover(bucket: Bucket) -> None:
    store = S3EpochStore(bucket)
    claim(store, record())
    claim(store, record(2, "in"))
    claim(store, record(2, "in", change="failover"))
    with pytest.raises(Conflict):
        claim(store, record(2, "eu", previous="in", change="failover"))


def test_a_claim_that_stands_already_is_no_conflict(bucket: Bucket) -> None:
    store = S3EpochStore(bucket)
    first = claim(store, record(claimed_by="the first try"))
    assert claim(store, record(claimed_by="the second try")) == first


def test_statements_are_of_one_region_and_the_last_of_each_node(bucket: Bucket) -> None:
    store = S3EpochStore(bucket)
    assert store.statements("eu") == ()
    for said in (
        statement(node="eu-1"),
        statement(node="eu-2"),
        statement(region="in", node="in-1"),
        statement(node="eu-1", barrier="closed", epoch=2),
    ):
        store.state(said)
    found = [stated.statement for stated in store.statements("eu")]
    assert found == [statement(node="eu-1", barrier="closed", epoch=2), statement(node="eu-2")]


def test_the_wrong_keys_are_refused_and_not_taken_for_silence(bucket: Bucket) -> None:
    store = S3EpochStore(replace(bucket, secret_access_key="another"))
    for call in (store.read, lambda: store.state(statement()), lambda: store.statements("eu")):
        with pytest.raises(Refused):
            call()


def test_a_bucket_that_is_not_there_is_no_empty_one(server: S3Server) -> None:
    store = S3EpochStore(bucket_of(server, name="nowhere"))
    for call in (store.read, lambda: store.write(record(), None), lambda: store.state(statement())):
        with pytest.raises(Refused):
            call()


def test_what_is_no_record_is_not_read_as_one(server: S3Server, bucket: Bucket) -> None:
    store = S3EpochStore(bucket)
    store.write(record(), None)
    (server.folder / "data" / bucket.name / bucket.prefix / "record.json").write_text('{"epoch": 1, "primary": "eu"}')
    with pytest.raises(Unreadable):
        store.read()


def test_a_closed_port_and_a_silent_server_are_unreachable_within_the_limit(bucket: Bucket) -> None:
    with _silent() as port:
        for number in (port, free_port()):
            store = S3EpochStore(replace(bucket, endpoint=f"http://127.0.0.1:{number}"), timeout=SHORT)
            for call in (store.read, lambda s=store: s.write(record(), None), lambda s=store: s.state(statement())):
                with pytest.raises(Unreachable):
                    call()


def test_a_server_that_stands_still_is_unreachable_and_answers_again_afterwards(tmp_path: Path) -> None:
    if absent := s3.missing():
        pytest.skip(absent)
    with s3.serve(tmp_path) as (server, process):
        store = S3EpochStore(bucket_of(server), timeout=SHORT)
        store.write(record(), None)
        os.kill(process, signal.SIGSTOP)
        while {text.read_text().rpartition(") ")[2][0] for text in Path(f"/proc/{process}/task").glob("*/stat")} != {
            "T"
        }:
            pass  # its threads stop one after the other
        try:
            for call in (store.read, lambda: store.write(record(2, "in"), None), lambda: store.statements("eu")):
                with pytest.raises(Unreachable):
                    call()
        finally:
            os.kill(process, signal.SIGCONT)
        found = S3EpochStore(bucket_of(server)).read()
        assert found is not None and found.record == record()


def test_a_write_whose_answer_is_lost_is_found_by_the_second_look(bucket: Bucket) -> None:
    class Losing(S3EpochStore):
        def write(self, *arguments: object) -> str:
            super().write(*arguments)  # type: ignore[arg-type]
            raise Unreachable("the answer was lost")

    assert claim(Losing(bucket), record()).record == record()


def test_keys_are_in_no_message(bucket: Bucket) -> None:
    assert bucket.secret_access_key not in repr(bucket)
    store = S3EpochStore(replace(bucket, endpoint=f"http://127.0.0.1:{free_port()}"), timeout=SHORT)
    with pytest.raises(StoreError) as caught:
        store.read()
    assert bucket.secret_access_key not in str(caught.value)


@contextmanager
def _silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
