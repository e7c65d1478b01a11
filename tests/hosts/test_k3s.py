"""`k3s.sh` among three servers. They run a stand-in for K3s (its docstring says what it shares with K3s), so this
shows what the scripts decide, not what K3s does."""

from __future__ import annotations

import pytest

from lab.host import Done, Host
from lab.world import INDIA
from tests.components.debian import changed
from tests.hosts.conftest import Step
from tests.hosts.release import publish

pytestmark = [pytest.mark.hosts, pytest.mark.engine]

NEXT = "v1.35.1+k3s1"


def fetch(step: Step, host: Host, tag: str) -> Done:
    release = publish(step.lab.folder / "mirror", tag)
    sums = {
        "BINARY_SHA256": release.binary_sha256,
        "INSTALLER_SHA256": release.installer_sha256,
        "IMAGES_SHA256": release.images_sha256,
    }
    return host.run("k3s/scripts/fetch.sh", {"RELEASE": tag, "MIRROR": step.lab.mirror, **sums})


def k3s(step: Step, host: Host, config: str | None = None, token: str | None = None, **changes: str) -> Done:
    """The script as the program runs it on this server, with changes; `config` and `token` instead of its own."""
    told = step.lab.region(host.region)
    peers = [f"https://{other.address}:6443" for other in step.lab.of(host.region) if other is not host]
    variables = {
        "ROLE": "server",
        "NODE_NAME": host.name,
        "RELEASE": step.lab.release.tag,
        "CONFIG": config or configuration(host),
        "JOIN_URLS": " ".join(peers),
        "CA_HASH": "",
        "START_SECONDS": "40",
        "OTHERS_SECONDS": "1",
        **changes,
    }
    tokens = f"{token or told['server_token']}\n{told['agent_token']}\n"
    return host.run("k3s/scripts/k3s.sh", variables, tokens)


def configuration(host: Host) -> str:
    return host.console("cat /etc/rancher/k3s/config.yaml").stdout.removesuffix("\n")


def process(host: Host) -> str:
    return host.told("systemctl show --property=MainPID,NRestarts,ActiveState k3s")


def wiped(host: Host) -> None:
    """The host as a reinstallation leaves it, as far as K3s goes."""
    host.told("systemctl disable --now --quiet k3s; rm -rf /etc/rancher /var/lib/rancher /opt/openova/k3s/[!v]*")


def forgotten(host: Host, by: Host) -> None:
    """The host's node is deleted, through another server."""
    by.told(f"k3s kubectl delete node {host.name}")


def ca_hash(host: Host) -> str:
    return host.run("k3s/scripts/ca-hash.sh", {"REVISION": "1"}).stdout.strip()


def test_a_server_is_not_restarted_while_another_one_is_down(both: Step) -> None:
    first, second, third = both.lab.of(INDIA)
    second.told("systemctl stop k3s")
    before = process(first)

    refused = k3s(both, first, configuration(first) + "debug: true\n")
    second.told("systemctl start k3s")

    assert refused.returncode == 1
    assert f"not ready: {second.name};" in refused.stderr
    assert process(first) == before
    assert k3s(both, first).returncode == 0
    assert third.told("curl -sk https://127.0.0.1:6443/readyz") == "ok"


def test_a_configuration_that_k3s_does_not_start_with_is_put_back(both: Step) -> None:
    host = both.lab.of(INDIA)[1]
    good = configuration(host)

    refused = k3s(both, host, good.replace("wireguard-native", "carrier-pigeon"), START_SECONDS="10")

    assert refused.returncode == 1
    assert "flannel-backend carrier-pigeon is unknown" in refused.stderr
    assert "the old ones run again" in refused.stderr
    assert configuration(host) == good
    assert host.told("curl -sk https://127.0.0.1:6443/readyz") == "ok"
    assert changed(k3s(both, host)) == []


def test_an_emptied_server_joins_only_the_cluster_whose_ca_it_was_told_with_the_clusters_token(both: Step) -> None:
    first, _, host = both.lab.of(INDIA)
    good, right = configuration(host), ca_hash(first)
    wiped(host)

    forged_ca = k3s(both, host, good, CA_HASH="0" * 64, START_SECONDS="6")
    sent = first.told("grep -c refuses /var/lib/standin.log || true")
    wiped(host)
    forged_token = k3s(both, host, good, token="forged", CA_HASH=right, START_SECONDS="6")
    wiped(host)
    forgotten(host, first)
    joined = k3s(both, host, good, CA_HASH=right)

    assert forged_ca.returncode == forged_token.returncode == 1
    assert "token CA hash does not match" in forged_ca.stderr
    assert sent == "0", "a wrong CA was not shown the token"
    assert "refuses a join with a wrong token by in-3" in first.told("cat /var/lib/standin.log")
    assert changed(joined)
    assert ca_hash(host) == right
    assert host.told("curl -sk https://127.0.0.1:6443/readyz") == "ok"


def test_an_emptied_first_server_begins_no_second_cluster(both: Step) -> None:
    first, second, _ = both.lab.of(INDIA)
    good, right = configuration(first), ca_hash(second)
    wiped(first)

    refused = k3s(both, first, good)
    assert refused.returncode == 1
    assert "put a server that runs first in 'nodes'" in refused.stderr
    assert first.told("grep -c begins /var/lib/standin.log") == "1"

    forgotten(first, second)
    assert changed(k3s(both, first, good, CA_HASH=right))
    assert ca_hash(first) == right


def test_a_new_release_comes_after_a_snapshot_and_one_that_skips_a_minor_is_refused(both: Step) -> None:
    host = both.lab.of(INDIA)[2]
    assert changed(fetch(both, host, "v1.36.0+k3s1"))
    skipping = k3s(both, host, RELEASE="v1.36.0+k3s1")
    assert skipping.returncode == 1
    assert "one minor version at a time" in skipping.stderr

    assert changed(fetch(both, host, NEXT))
    assert f"k3s: runs {NEXT}" in changed(k3s(both, host, RELEASE=NEXT))
    told = [line.split(" ", 1)[1] for line in host.told("tail -n3 /var/lib/standin.log").splitlines()]
    assert NEXT in host.told("cat /var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst")
    assert told[0] == f"takes a snapshot of {both.lab.release.tag}"
    assert told[2] == "ready"
    assert changed(k3s(both, host, RELEASE=NEXT)) == []
