"""India's PostgreSQL is Europe's: cloned, streaming, with a certificate and nothing else."""

from __future__ import annotations

from functools import partial

import pytest

from lab.apply import apply
from lab.postgres import Database, until
from tests.projects import edit
from tests.two_regions.conftest import ROWS, Regions
from tests.two_regions.probes import Probe

pytestmark = [pytest.mark.lab, pytest.mark.regions]

HOST = "pg-europe.openova.io"
AUTHORITY = "/etc/openova/authorities/postgres.crt"


def test_a_clone_has_every_row_from_before_it(regions: Regions) -> None:
    assert regions.counted == {"before_the_copy": ROWS}
    assert int(regions.india.sql("select count(*) from before_the_copy")) == ROWS


def test_the_replica_streams_from_europe_with_a_certificate(regions: Regions) -> None:
    assert regions.india.state()["source"] == HOST
    clients = regions.europe.sql(
        "select ssl, client_dn from pg_stat_ssl join pg_stat_replication using (pid) "
        f"where application_name = '{regions.india.name}'"
    )
    assert clients == "t|/CN=streaming_replica"


def test_local_standbys_follow_the_designated_primary(regions: Regions) -> None:
    leader, pods = regions.india.leader, regions.india.pods
    assert len(pods) == 3
    for pod in pods:
        source = regions.india.state(pod)["source"]
        assert source == (HOST if pod == leader else f"{regions.india.name}-rw"), pod


def test_a_row_reaches_every_pod_of_both_regions(regions: Regions) -> None:
    regions.europe.sql("create table markers (text text); insert into markers values ('here')")
    for database in (regions.europe, regions.india):
        for pod in database.pods:
            until(partial(_marked, database, pod), f"{pod} has no marker", seconds=20)


def _marked(database: Database, pod: str) -> bool:
    known = database.sql("select to_regclass('markers') is not null", pod) == "t"
    return known and database.sql("select count(*) from markers", pod) == "1"


def test_a_password_alone_does_not_replicate(regions: Regions, in_india: list[Probe]) -> None:
    secret = regions.lab.cluster("in").kubectl(
        "get", "secret", "app-credentials", "-n", "databases", "-o", "jsonpath={.data.password}"
    )
    who = f"host={HOST} port=30432 user=streaming_replica dbname=postgres sslmode=verify-full sslrootcert={AUTHORITY}"
    done = in_india[0].run(f'PGPASSWORD=$(echo {secret} | base64 -d) psql "{who} replication=1" -c IDENTIFY_SYSTEM')
    assert done.code != 0
    assert "connection requires a valid client certificate" in done.text


def test_a_server_of_another_authority_is_refused(in_india: list[Probe]) -> None:
    done = in_india[0].run(
        f"{_authority('other')} && psql "
        f'"host={HOST} port=30432 user=app dbname=app sslmode=verify-full sslrootcert=/tmp/other.crt" -c "select 1"'
    )
    assert done.code != 0
    assert "certificate verify failed" in done.text


def test_a_certificate_of_another_authority_is_refused(in_india: list[Probe]) -> None:
    certificate = "sslcert=/tmp/mine.crt sslkey=/tmp/mine.key"
    done = in_india[0].run(
        f"{_authority('mine', 'streaming_replica')} && psql "
        f'"host={HOST} port=30432 user=streaming_replica dbname=postgres sslmode=verify-full sslrootcert={AUTHORITY} '
        f'{certificate} replication=1" -c IDENTIFY_SYSTEM'
    )
    assert done.code != 0
    assert "unknown ca" in done.text or "unknown CA" in done.text, done.text


def test_the_option_with_a_role_of_its_own_and_a_password_works(regions: Regions) -> None:
    assert _streams_as(regions, "streaming_replica")
    for auth, user in (("password", "dr_replicator"), ("certificate", "streaming_replica")):
        edit(regions.lab.project / "Pulumi.yaml", "config.postgres.value.replicationAuth", auth)
        apply(regions.lab, _untold, ["eu", "in"])
        until(partial(_streams_as, regions, user), f"{user} does not stream", seconds=120)
    regions.india.wait_healthy(print)


def _streams_as(regions: Regions, user: str) -> bool:
    """Whether Europe sends its changes to India's cluster under this role, and to nobody else of that name."""
    role = "select string_agg(usename, ' ') from pg_stat_replication where state = 'streaming' and application_name = "
    return regions.europe.sql(f"{role} '{regions.india.name}'") == user


def _untold(stack: str, what: str, seconds: float) -> None:
    """Progress is for people who wait."""


def _authority(name: str, subject: str = "openova postgresql") -> str:
    """Makes a certificate that signed itself, in the pod."""
    return (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj '/CN={subject}' "
        f"-keyout /tmp/{name}.key -out /tmp/{name}.crt 2>/dev/null && chmod 600 /tmp/{name}.key"
    )
