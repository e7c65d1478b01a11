"""The guard's leave to read, before a real API server: what it may do is done with the token of its own account."""

from __future__ import annotations

import socket
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.api_server import ApiServer
from operations.guard.cluster import Cluster, Kubernetes
from tests.lab.test_objects import namespace, regions_of

pytestmark = pytest.mark.lab
NAME = "openova-guard"
DATABASES = "databases"


@pytest.fixture(scope="module")
def europe(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return regions_of("guarded", tmp_path_factory.mktemp("guarded"))["eu"]


@pytest.fixture(scope="module")
def account(
    server: ApiServer, europe: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A pod's folder of its account, with a token that the API server gave for it."""
    folder = tmp_path_factory.mktemp("account")
    server.apply([namespace(NAME), namespace(DATABASES)])
    mine = [item for item in europe if item["kind"] in ("ServiceAccount", "Role", "RoleBinding")]
    server.apply([item for item in mine if item["metadata"]["name"] == NAME])
    (folder / "token").write_text(server.kubectl("create", "token", NAME, "--namespace", NAME))
    (folder / "ca.crt").write_text((server.folder / "tls.crt").read_text())
    yield folder


def api(server: ApiServer) -> str:
    kubeconfig = yaml.safe_load(server.kubeconfig.read_text())
    return str(kubeconfig["clusters"][0]["cluster"]["server"])


def test_it_reads_the_one_cluster_and_where_its_instances_are(
    server: ApiServer, europe: list[dict[str, Any]], account: Path
) -> None:
    guard = Kubernetes(api(server), DATABASES, "postgresql", account)
    assert guard.read() == Cluster(follows=None, instances=frozenset())
    (cluster,) = [item for item in europe if item["kind"] == "Cluster"]
    server.apply([cluster])
    try:
        for number, owner in ((1, "postgresql"), (2, "another")):
            pod = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"pod-{number}", "namespace": DATABASES, "labels": {"cnpg.io/cluster": owner}},
                "spec": {"containers": [{"name": "postgres", "image": "postgres"}]},
            }
            server.apply([pod])
            status = f'{{"status": {{"phase": "Running", "podIP": "10.42.0.1{number}"}}}}'
            server.kubectl(
                "patch", "pod", f"pod-{number}", f"--namespace={DATABASES}", "--subresource=status", f"--patch={status}"
            )
        assert guard.read() == Cluster(follows=False, instances=frozenset({"10.42.0.11"}))
        follow = '{"spec": {"replica": {"primary": "postgresql-replica", "source": "postgresql-replica"}}}'
        server.kubectl(
            "patch", "cluster", "postgresql", f"--namespace={DATABASES}", "--type=merge", f"--patch={follow}"
        )
        # It wrote a moment ago: until its demotion is shown by a token, it may still take writes.
        assert guard.read().follows is False
        assert Kubernetes(api(server), DATABASES, "postgresql", account).read().follows is True
        status = '{"status": {"demotionToken": "a token"}}'
        server.kubectl(
            "patch",
            "cluster",
            "postgresql",
            f"--namespace={DATABASES}",
            "--type=merge",
            "--subresource=status",
            f"--patch={status}",
        )
        assert guard.read().follows is True
    finally:
        server.kubectl("delete", "cluster", "postgresql", f"--namespace={DATABASES}")
        server.kubectl("delete", "pods", "--all", f"--namespace={DATABASES}", "--grace-period=0", "--force")


@pytest.mark.parametrize(
    ("namespace_", "cluster"), [(DATABASES, "another"), ("kube-system", "postgresql"), (NAME, "postgresql")]
)
def test_it_may_read_no_other_cluster_and_no_other_namespace(
    server: ApiServer, account: Path, namespace_: str, cluster: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        Kubernetes(api(server), namespace_, cluster, account).read()
    assert caught.value.code == 403


@pytest.mark.parametrize("what", ["get secrets", "create pods", "patch clusters.postgresql.cnpg.io", "delete pods"])
def test_it_may_change_nothing_and_read_no_secret(server: ApiServer, account: Path, what: str) -> None:
    assert account.exists()
    for where in (DATABASES, NAME, "kube-system"):
        reviewed = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": f"system:serviceaccount:{NAME}:{NAME}",
                "resourceAttributes": {
                    "namespace": where,
                    "verb": what.split(maxsplit=1)[0],
                    "resource": what.split()[1].partition(".")[0],
                    "group": what.partition(".")[2],
                },
            },
        }
        answer = yaml.safe_load(server.kubectl("create", "-f", "-", "-o", "yaml", stdin=yaml.safe_dump(reviewed)))
        assert answer["status"]["allowed"] is False


def test_a_hanging_api_server_is_given_up(account: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(OSError):
        Kubernetes(f"https://127.0.0.1:{listener.getsockname()[1]}", DATABASES, "postgresql", account).read()
