"""`k3s.sh` and `fetch.sh` on a booted Debian.

K3s itself comes from nowhere a test may reach. A stand-in reads the same files and answers on the same ports,
so that the scripts' decisions are tested; that K3s behaves like its stand-in is not.
"""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterator

import pytest

from lab.release import installer
from tests.components.debian import STANDINS, Debian, booted, changed, on_debian

pytestmark = on_debian

RELEASE = "v1.34.2+k3s1"
CA_HASH = hashlib.sha256(b"the stand-in's CA").hexdigest()
PEERS = "https://127.0.0.2:6443 https://127.0.0.3:6443"
SILENT = "https://192.0.2.9:6443"
SERVER = {
    "ROLE": "server",
    "NODE_NAME": "eu-1",
    "CONFIG": "node-name: eu-1",
    "CA_HASH": "",
    "RELEASE": RELEASE,
    "JOIN_URLS": PEERS,
    "START_SECONDS": "20",
    "OTHERS_SECONDS": "1",
}


@pytest.fixture
def debian() -> Iterator[Debian]:
    """A host of its own for each test: the story of a node is told from its beginning."""
    with booted() as host:
        host.sh(
            "ip link set lo up; ip link add eth0 type dummy; ip link set eth0 up; ip addr add 192.0.2.1/24 dev eth0"
        )
        yield host


def fetch(debian: Debian, release: str = RELEASE, **changes: str) -> subprocess.CompletedProcess[str]:
    """Stages the stand-ins of a release from a mirror on the host's own disk."""
    sums = {}
    k3s_binary = (STANDINS / "k3s").read_text().replace("RELEASE", release)
    for asset, setting, text in (
        ("k3s", "BINARY_SHA256", k3s_binary),
        ("install.sh", "INSTALLER_SHA256", installer(release).decode()),
    ):
        debian.put(f"/srv/{release.replace('+', '%2B')}/{asset}", text)
        debian.put(f"/srv/{release}/{asset}", text)
        sums[setting] = hashlib.sha256(text.encode()).hexdigest()
    variables = {"RELEASE": release, "MIRROR": "file:///srv/", "IMAGES_SHA256": "", **sums, **changes}
    return debian.run("k3s/scripts/fetch.sh", variables)


def k3s(debian: Debian, tokens: str = "secret-s\nsecret-a\n", **changes: str) -> subprocess.CompletedProcess[str]:
    return debian.run("k3s/scripts/k3s.sh", {**SERVER, **changes}, tokens)


def starts(debian: Debian) -> list[str]:
    """How K3s was started, run by run."""
    return debian.sh("cat /run/standin-log").stdout.splitlines()


def serve(debian: Debian, address: str) -> None:
    """Something that answers HTTPS there, as another server would."""
    debian.sh(
        "cd /root && openssl req -x509 -newkey ed25519 -nodes -keyout k -out c -subj /CN=x 2>/dev/null; "
        f"systemd-run -q openssl s_server -quiet -accept {address}:6443 -key /root/k -cert /root/c -www; sleep 1"
    )


@pytest.mark.parametrize("pin", ["", "latest", "0" * 64])
def test_a_release_is_staged_only_with_the_sum_that_was_pinned(debian: Debian, pin: str) -> None:
    done = fetch(debian, BINARY_SHA256=pin)

    assert done.returncode == 1
    assert "k3s.binarySha256" in done.stderr
    assert debian.sh("ls /opt/openova/k3s/*/k3s").returncode != 0


def test_the_archive_of_images_is_put_where_k3s_loads_it_only_with_the_sum_that_was_pinned(debian: Debian) -> None:
    archive = "k3s-airgap-images-amd64.tar.zst"
    images = f"/var/lib/rancher/k3s/agent/images/{archive}"
    debian.put(f"/srv/{RELEASE.replace('+', '%2B')}/{archive}", "images")
    debian.put(f"/srv/{RELEASE}/{archive}", "images")
    right = hashlib.sha256(b"images").hexdigest()

    fetch(debian)
    assert debian.sh("ls /var/lib/rancher").returncode != 0, "without a sum there is no archive"
    refused = fetch(debian, IMAGES_SHA256="0" * 64)
    assert refused.returncode == 1
    assert "k3s.imagesSha256" in refused.stderr
    assert debian.sh("ls -A /var/lib/rancher/k3s/agent/images").stdout == ""

    assert changed(fetch(debian, IMAGES_SHA256=right)) == [images]
    assert changed(fetch(debian, IMAGES_SHA256=right)) == []
    assert debian.sh(f"cat {images}; stat -c %a {images}").stdout == "images644\n"
    assert f"k3s: runs {RELEASE}" in changed(k3s(debian)), "a folder that was there before K3s is in nobody's way"


def test_the_first_server_starts_a_cluster_once_and_then_belongs_to_it(debian: Debian) -> None:
    assert changed(fetch(debian))
    assert changed(fetch(debian)) == []

    first = k3s(debian)
    assert f"k3s: runs {RELEASE}" in changed(first)
    assert "secret" not in first.stdout + first.stderr
    assert changed(k3s(debian)) == []

    assert starts(debian) == [f"server start {RELEASE}: cluster-init: true, token sec"]
    membership = debian.sh("cat /etc/rancher/k3s/config.yaml.d/*.yaml /etc/rancher/k3s/token").stdout
    assert membership == f"server: https://127.0.0.2:6443\nK10{CA_HASH}::server:secret-s\n"
    assert debian.sh("stat -c %a /etc/rancher/k3s/*token /etc/rancher/k3s/config.yaml").stdout.split() == ["600"] * 3
    assert debian.run("k3s/scripts/ca-hash.sh", {}).stdout == f"{CA_HASH}\n"


def test_a_changed_configuration_restarts_k3s_and_a_broken_one_is_put_back(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)

    assert "k3s: runs v1.34.2+k3s1" in changed(k3s(debian, CONFIG="node-name: eu-1\nnode-ip: 192.0.2.1"))
    broken = k3s(debian, CONFIG="broken: true")

    assert broken.returncode == 1
    assert "the old ones run again" in broken.stderr
    assert debian.sh("cat /etc/rancher/k3s/config.yaml").stdout == "node-name: eu-1\nnode-ip: 192.0.2.1\n"
    assert debian.sh("systemctl is-active k3s").stdout == "active\n"
    assert changed(k3s(debian, CONFIG="node-name: eu-1\nnode-ip: 192.0.2.1")) == []


def test_a_first_start_that_fails_says_so_and_the_next_run_goes_on_from_there(debian: Debian) -> None:
    fetch(debian)

    refused = k3s(debian, CONFIG="broken: true")

    assert refused.returncode == 1
    assert "keeps trying" in refused.stderr
    assert f"k3s: runs {RELEASE}" in changed(k3s(debian))
    assert starts(debian)[-1] == f"server start {RELEASE}: cluster-init: true, token sec"


def test_a_run_that_was_cut_off_before_the_restart_is_finished_by_the_next(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)
    debian.put("/etc/rancher/k3s/config.yaml", "node-name: eu-1\nnode-ip: 192.0.2.1\n", "600")

    assert changed(k3s(debian, CONFIG="node-name: eu-1\nnode-ip: 192.0.2.1")) == [f"k3s: runs {RELEASE}"]
    assert len(starts(debian)) == 2


def test_a_server_that_stopped_is_started_again(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)
    debian.sh("systemctl stop k3s; rm /run/standin-ready")

    assert changed(k3s(debian)) == [f"k3s: runs {RELEASE}"]


def test_k3s_goes_up_one_minor_version_at_a_time_after_a_snapshot(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)
    for release in ("v1.36.0+k3s1", "v1.33.9+k3s1"):
        fetch(debian, release)
        refused = k3s(debian, RELEASE=release)
        assert refused.returncode == 1
        assert "one minor version at a time" in refused.stderr

    fetch(debian, "v1.35.1+k3s1")
    assert "k3s: runs v1.35.1+k3s1" in changed(k3s(debian, RELEASE="v1.35.1+k3s1"))
    assert starts(debian)[-2] == f"snapshot before {RELEASE} ends"
    assert debian.sh("ls /opt/openova/k3s").stdout.split() == [
        "install.sh",
        "previous",
        "started.sha256",
        "v1.35.1+k3s1",
    ]


def test_a_server_restarts_only_while_all_others_are_ready(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)
    debian.put("/run/standin-nodes", "eu-1 False\neu-2 True\neu-3 Unknown\n")

    refused = k3s(debian, CONFIG="node-name: eu-1\nnode-ip: 192.0.2.1")

    assert refused.returncode == 1
    assert "not ready: eu-3;" in refused.stderr
    assert len(starts(debian)) == 1


def test_another_token_for_a_running_cluster_is_refused(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)

    refused = k3s(debian, tokens="other\nsecret-a\n")

    assert refused.returncode == 1
    assert "k3s token rotate" in refused.stderr
    assert "other" not in refused.stderr.replace("others", "").replace("another", "")


def test_no_cluster_is_started_while_another_server_does_not_answer(debian: Debian) -> None:
    fetch(debian)

    refused = k3s(debian, JOIN_URLS=f"https://127.0.0.2:6443 {SILENT}")

    assert refused.returncode == 1
    assert "might hold the cluster" in refused.stderr
    assert starts(debian) == []


def test_an_emptied_first_server_does_not_start_a_second_cluster(debian: Debian) -> None:
    fetch(debian)
    serve(debian, "127.0.0.3")

    refused = k3s(debian)

    assert refused.returncode == 1
    assert "put a server that runs first in 'nodes'" in refused.stderr
    assert starts(debian) == []


def test_a_first_server_that_lost_its_data_joins_its_peers_with_the_ca_it_knew(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)
    debian.sh("systemctl stop k3s; rm -rf /var/lib/rancher")
    serve(debian, "127.0.0.3")

    assert f"k3s: runs {RELEASE}" in changed(k3s(debian))
    assert starts(debian)[-1] == f"server start {RELEASE}: server: https://127.0.0.3:6443, token K10"


def test_an_agent_joins_through_the_server_that_answers(debian: Debian) -> None:
    fetch(debian)
    serve(debian, "127.0.0.3")

    agent = k3s(debian, "\nsecret-a\n", ROLE="agent", CA_HASH=CA_HASH)

    assert f"k3s-agent: runs {RELEASE}" in changed(agent)
    assert starts(debian) == [f"agent start {RELEASE}: server: https://127.0.0.3:6443, token K10"]
    assert debian.sh("cat /etc/rancher/k3s/token").stdout == f"K10{CA_HASH}::node:secret-a\n"
    assert debian.sh("ls /etc/rancher/k3s").stdout.split() == ["config.yaml", "config.yaml.d", "token"]
    assert changed(k3s(debian, "\nsecret-a\n", ROLE="agent", CA_HASH=CA_HASH)) == []


@pytest.mark.parametrize(
    "said",
    [
        "etcd cluster join failed: duplicate node name found, please use a unique name for this node",
        "Waiting to retrieve agent configuration; server is not ready: Node password rejected, duplicate hostname",
    ],
)
def test_a_name_that_the_cluster_gave_to_another_host_is_refused_as_soon_as_k3s_says_so(
    debian: Debian, said: str
) -> None:
    fetch(debian)
    serve(debian, "127.0.0.3")
    begun = time.monotonic()

    refused = k3s(debian, CA_HASH=CA_HASH, CONFIG=f"broken: {said}", START_SECONDS="300")

    assert time.monotonic() - begun < 60
    assert refused.returncode == 1
    assert "kubectl delete node eu-1" in refused.stderr
    assert debian.sh("systemctl is-active k3s").stdout == "inactive\n"
    assert f"k3s: runs {RELEASE}" in changed(k3s(debian, CA_HASH=CA_HASH)), "the old node was deleted"


def test_a_member_is_not_taken_for_another_host_by_what_its_journal_says(debian: Debian) -> None:
    fetch(debian)
    k3s(debian)

    refused = k3s(debian, CONFIG="broken: Node password rejected", START_SECONDS="10")

    assert "the old ones run again" in refused.stderr


def test_a_node_does_not_join_where_nobody_answers(debian: Debian) -> None:
    fetch(debian)

    refused = k3s(debian, CA_HASH=CA_HASH)

    assert refused.returncode == 1
    assert "joins through a server that answers" in refused.stderr


def test_without_a_token_nothing_is_done(debian: Debian) -> None:
    refused = k3s(debian, "\n\n")

    assert refused.returncode == 1
    assert "token is empty" in refused.stderr
