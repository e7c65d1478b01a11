"""What applications are told: URLs that real clients accept, and a workload that the edge can ask."""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
import socket
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.app import AppEnvironment, AppEnvironmentArgs, Endpoint, Workload, database_url
from components.mongodb.members import region_members
from operations.plan.recorded import Evaluation
from operations.plan.values import Secret, reveal
from tests.recording import record

EUROPE = Endpoint(host="pg-europe.openova.io", port=30432)
INDIA = Endpoint(host="pg-india.openova.io", port=30432)
LOCAL_STANDBYS = Endpoint(host="postgresql-replica-ro.databases.svc")

ARGS = AppEnvironmentArgs(
    namespace="shop",
    region="india",
    primary_endpoints=(EUROPE, INDIA),
    replica_endpoints=(LOCAL_STANDBYS, INDIA, EUROPE),
    database_password="p@ss/word",
    database_authority="-----BEGIN CERTIFICATE-----",
    mongodb_members=region_members(
        hosts=[f"mongo-in-{index}.openova.io" for index in range(3)],
        first_port=30170,
        priorities=(5, 4),
        region="india",
        local=True,
    ),
    mongodb_password="m",
    mongodb_authority="-----BEGIN CERTIFICATE-----",
)
WORKLOAD = Workload(image="ghcr.io/openova/shop:1.2.3", hosts=("api.shop.openova.io",))


def evaluated(args: AppEnvironmentArgs) -> Evaluation:
    """One environment, registered."""
    return record(lambda: AppEnvironment("shop", args))


def variables(args: AppEnvironmentArgs = ARGS) -> dict[str, str]:
    """The environment variables, readable."""
    data: dict[str, str] = reveal(evaluated(args).named("shop-databases").inputs["stringData"])
    return data


class _Option(ctypes.Structure):
    """`PQconninfoOption` of libpq."""

    _fields_ = (
        ("keyword", ctypes.c_char_p),
        ("envvar", ctypes.c_char_p),
        ("compiled", ctypes.c_char_p),
        ("val", ctypes.c_char_p),
        ("label", ctypes.c_char_p),
        ("dispchar", ctypes.c_char_p),
        ("dispsize", ctypes.c_int),
    )


def libpq(url: str) -> dict[str, str]:
    """The URL as PostgreSQL's own client library reads it. Skips the test where there is none."""
    path = ctypes.util.find_library("pq")
    if path is None:
        pytest.skip("libpq is not installed")
    library = ctypes.CDLL(path)
    library.PQconninfoParse.restype = ctypes.POINTER(_Option)
    error = ctypes.c_char_p()
    options = library.PQconninfoParse(url.encode(), ctypes.byref(error))
    assert options, (error.value or b"").decode()
    parsed: dict[str, str] = {}
    for option in options:
        if option.keyword is None:
            break
        if option.val is not None:
            parsed[option.keyword.decode()] = option.val.decode()
    return parsed


def test_libpq_finds_the_writer_among_all_regions() -> None:
    assert libpq(variables()["DATABASE_PRIMARY_URL"]) == {
        "user": "app",
        "password": "p@ss/word",
        "host": "pg-europe.openova.io,pg-india.openova.io",
        "port": "30432,30432",
        "dbname": "app",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/openova/authorities/postgres.crt",
        "connect_timeout": "3",
        "target_session_attrs": "read-write",
    }


def test_libpq_reads_from_a_standby_nearby_before_it_looks_further() -> None:
    parsed = libpq(variables()["DATABASE_REPLICA_URL"])
    assert parsed["host"].split(",")[0] == "postgresql-replica-ro.databases.svc"
    assert parsed["port"] == "5432,30432,30432"
    assert parsed["target_session_attrs"] == "prefer-standby"


@given(password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_libpq_gets_back_a_password_of_any_characters(password: str) -> None:
    url = database_url([EUROPE], username="app", password=password, database="app", target="any", ca_file="/ca.crt")
    assert libpq(url)["password"] == password


def test_psql_tries_every_host_of_the_url_in_turn() -> None:
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("psql is not installed")
    ports = [_closed_port() for _ in range(2)]
    url = database_url(
        [Endpoint(host="127.0.0.1", port=port) for port in ports],
        username="app",
        password="app",
        database="app",
        target="prefer-standby",
        ca_file="/nonexistent/ca.crt",
    )
    failed = subprocess.run([psql, url, "-c", "select 1"], capture_output=True, text=True, timeout=30, check=False)
    assert failed.returncode == 2
    assert [failed.stderr.find(str(port)) for port in ports] == sorted(failed.stderr.find(str(p)) for p in ports)
    assert all(str(port) in failed.stderr for port in ports)


def test_a_url_without_a_host_is_refused() -> None:
    with pytest.raises(ValueError, match="primary_endpoints"):
        database_url([], username="a", password="a", database="a", target="any", ca_file="/ca.crt")


def test_an_application_learns_its_region_and_all_three_urls() -> None:
    assert set(variables()) == {"DATABASE_PRIMARY_URL", "DATABASE_REPLICA_URL", "MONGODB_URI", "REGION"}
    assert variables()["REGION"] == "india"
    assert "readPreferenceTags=region:india" in variables()["MONGODB_URI"]


def test_without_mongodb_nothing_speaks_of_it() -> None:
    args = replace(ARGS, mongodb_members=())
    assert "MONGODB_URI" not in variables(args)
    assert set(evaluated(args).named("shop-authorities").inputs["data"]) == {"postgres.crt"}


def test_the_urls_are_secret_and_the_authorities_are_not() -> None:
    evaluation = evaluated(ARGS)
    data = evaluation.named("shop-databases").inputs["stringData"]
    assert isinstance(data, Secret) or all(isinstance(value, Secret) for value in data.values())
    assert evaluation.named("shop-authorities").inputs["data"]["postgres.crt"] == ARGS.database_authority
    assert "p@ss" not in repr([resource.inputs for resource in evaluation.resources])


def test_the_urls_trust_the_files_that_the_workload_mounts() -> None:
    evaluation = evaluated(replace(ARGS, workload=WORKLOAD))
    pod = _pod(evaluation)
    (mount,) = (m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "authorities")
    files = evaluation.named("shop-authorities").inputs["data"]
    assert libpq(variables()["DATABASE_PRIMARY_URL"])["sslrootcert"] in {
        f"{mount['mountPath']}/{file}" for file in files
    }


def test_nothing_runs_where_no_image_is_given() -> None:
    types = {resource.type for resource in evaluated(ARGS).resources}
    assert not {"kubernetes:apps/v1:Deployment", "kubernetes:networking.k8s.io/v1:Ingress"} & types


def test_the_workload_may_do_nothing_that_it_does_not_need() -> None:
    pod = _pod(evaluated(replace(ARGS, workload=WORKLOAD)))
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert set(container["resources"]) == {"requests", "limits"}


def test_a_pod_is_ready_by_its_health_and_restarted_only_when_its_process_is_dead() -> None:
    (container,) = _pod(evaluated(replace(ARGS, workload=WORKLOAD)))["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert "httpGet" not in container["livenessProbe"]


def test_the_edge_reaches_the_workload_by_name_through_the_ingress_alone() -> None:
    evaluation = evaluated(replace(ARGS, workload=WORKLOAD))
    (service,) = evaluation.of_type("kubernetes:core/v1:Service")
    assert service.inputs["spec"]["type"] == "ClusterIP"
    (ingress,) = evaluation.of_type("kubernetes:networking.k8s.io/v1:Ingress")
    assert [rule["host"] for rule in ingress.inputs["spec"]["rules"]] == ["api.shop.openova.io"]


def test_a_new_password_restarts_the_pods() -> None:
    def mark(password: str) -> Any:
        args = replace(ARGS, workload=WORKLOAD, database_password=password)
        template = evaluated(args).of_type("kubernetes:apps/v1:Deployment")[0].inputs["spec"]["template"]
        return template["metadata"]["annotations"]["openova.io/environment"]

    assert reveal(mark("one")) != reveal(mark("two"))
    assert isinstance(mark("one"), Secret)


@pytest.mark.parametrize("image", ["shop", "ghcr.io/openova/shop", "localhost:5000/shop", "shop:latest"])
def test_an_image_without_a_fixed_version_is_refused(image: str) -> None:
    with pytest.raises(ValueError, match="image"):
        replace(WORKLOAD, image=image)


def _pod(evaluation: Evaluation) -> dict[str, Any]:
    (deployment,) = evaluation.of_type("kubernetes:apps/v1:Deployment")
    pod: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
    return pod


def _closed_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
