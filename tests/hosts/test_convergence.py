"""Six fresh hosts brought up by the real engine, over its own SSH client, one region after the other."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from itertools import pairwise
from typing import Any

import pytest
import yaml

from components.network import public_key
from lab.disk import key_pair
from lab.host import Host
from lab.world import EUROPE, INDIA, Region
from tests.hosts.conftest import Step, succeeded
from tests.hosts.lab import mesh_key
from tests.hosts.pings import unreachable

pytestmark = [pytest.mark.hosts, pytest.mark.engine]

OF_A_HOST = re.compile(r"eu-\d-(base|firewall|firewall-confirm)|eu-mesh-eu-\d|eu-k3s-eu-\d(-fetch)?")
"""Base, firewall, its confirmation, mesh, fetch, K3s."""


def names(step: Step, operation: str) -> set[str]:
    return {name for name, done in step.outcome.operations.items() if done == operation}


def starts(host: Host) -> list[tuple[float, float, str]]:
    """The stand-in's starts: when it began, when it was ready, and how it came to its cluster."""
    found, begun, how = [], 0.0, ""
    for line in host.told("cat /var/lib/standin.log").splitlines():
        at, _, what = line.partition(" ")
        if what.startswith("starts"):
            begun, how = float(at), ""
        elif what.startswith(("begins", "joins")):
            how = what
        elif what == "ready":
            found.append((begun, float(at), how))
    return found


def test_a_region_comes_up_while_the_other_is_not_there(europe_alone: Step) -> None:
    created = names(europe_alone, "create")

    assert len([name for name in created if OF_A_HOST.fullmatch(name)]) == 3 * 6
    assert not {name for name in created if name.startswith("in")}
    for host in europe_alone.lab.of(INDIA):
        assert "Accepted" not in host.told("journalctl -u ssh -o cat")


def test_a_region_that_comes_later_leaves_the_first_one_alone(both: Step) -> None:
    assert names(both, "create")
    assert {name[:2] for name in names(both, "create")} == {"in"}
    assert both.outcome.counts == {"create": len(names(both, "create"))}


def test_every_node_reaches_every_node_though_one_region_knows_no_endpoint_of_the_other(both: Step) -> None:
    for host in both.lab.of(EUROPE):
        assert INDIA.network not in host.told("cat /etc/wireguard/openova0.conf")

    assert unreachable(both.lab.hosts.values()) == []


def test_packets_of_the_meshs_full_size_pass_a_narrower_path_whole(both: Step) -> None:
    header = 28  # IPv4 and ICMP
    hosts = both.lab.hosts

    assert unreachable(hosts.values(), payload=1380 - header) == []
    for host in hosts.values():
        names_of, values = [line.split() for line in host.told("grep ^Ip: /proc/net/snmp").splitlines()]
        assert dict(zip(names_of, values, strict=True))["FragCreates"] == "0"
        other = hosts["in-1" if host.region is EUROPE else "eu-1"]
        assert "mtu=1380" in host.console(f"ping -c1 -W2 -M do -s {1381 - header} {other.mesh_address}").stderr


@pytest.mark.parametrize("region", [EUROPE, INDIA], ids=lambda region: region.name)
def test_a_stand_in_for_k3s_is_begun_once_a_region_and_joined_one_server_at_a_time(both: Step, region: Region) -> None:
    hosts = both.lab.of(region)
    each = [starts(host)[0] for host in hosts]

    assert [how for _, _, how in each] == ["begins a cluster", *[f"joins https://{hosts[0].address}:6443"] * 2]
    assert all(ready < next_begun for (_, ready, _), (next_begun, _, _) in pairwise(each))
    assert hosts[2].told("k3s kubectl get nodes").split() == [word for host in hosts for word in (host.name, "True")]


def test_the_kubeconfig_reaches_each_server_from_the_office_and_its_authority_is_the_clusters_own(both: Step) -> None:
    for region in (EUROPE, INDIA):
        parsed = yaml.safe_load(both.engine.kubeconfig(region.code))
        names_of = [host.name for host in both.lab.of(region)]

        assert parsed["current-context"] == names_of[0]
        assert [context["name"] for context in parsed["contexts"]] == names_of
        assert [answer_to(both, parsed, name) for name in names_of] == ["ok", "ok", "ok"]


def answer_to(step: Step, kubeconfig: Any, context: str) -> str:
    """What the API of this context says to the office; nothing where nobody answers whom the context trusts."""
    (cluster,) = (item["cluster"] for item in kubeconfig["clusters"] if item["name"] == context)
    authority = step.lab.folder / "authority.crt"
    authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    command = ["curl", "-sS", "--max-time", "10", "--cacert", str(authority), f"{cluster['server']}/readyz"]
    return subprocess.run(step.lab.world.within(command), capture_output=True, text=True, check=False).stdout


def test_no_key_or_token_lies_open_in_the_engines_words_its_state_or_on_a_host(both: Step) -> None:
    plan = both.lab.plan
    secrets = [plan["login"].splitlines()[2]]
    for region in plan["regions"]:
        secrets += [region["server_token"], region["agent_token"], *(host["mesh_key"] for host in region["hosts"])]
    state = both.engine.state()

    assert json.loads(state)["checkpoint"]["latest"]["resources"]
    assert [secret for secret in secrets if secret in state or secret in both.outcome.text] == []
    readable = "find /etc /home /opt /run /tmp /usr/local /var -xdev -type f -perm /o=r -print0"
    for host in both.lab.hosts.values():
        journal = host.console("journalctl -o cat | grep -F -f /dev/stdin", "\n".join(secrets))
        files = host.console(f"cat >/root/secrets; {readable} | xargs -0 grep -lF -f /root/secrets", "\n".join(secrets))
        assert (journal.stdout, files.stdout) == ("", "")


def test_a_second_up_changes_nothing_nor_does_one_after_a_refresh(both: Step) -> None:
    before = {name: starts(host) for name, host in both.lab.hosts.items()}

    assert succeeded(both.engine.up()).counts == {}
    assert set(succeeded(both.engine.refresh()).counts) == {"refresh"}
    assert succeeded(both.engine.up()).counts == {}
    assert {name: starts(host) for name, host in both.lab.hosts.items()} == before


def test_changed_inputs_run_their_scripts_again_in_place_and_servers_restart_one_at_a_time(both: Step) -> None:
    lab = both.lab
    seen = {host: (_identity(host), len(starts(host))) for host in lab.hosts.values()}
    lab.plan["revision"] = 2
    lab.plan["admin_cidrs"] = [*lab.plan["admin_cidrs"], "192.0.2.192/30"]
    lab.plan["disable"] = ["servicelb", "traefik"]
    for region in (EUROPE, INDIA):
        lab.region(region)["knows"] = [EUROPE.code, INDIA.code]
        for host in lab.region(region)["hosts"]:
            host["mesh_key"] = mesh_key()

    outcome = succeeded(both.engine.up())

    assert outcome.counts == {"update": 6 * 4}, "firewall, its confirmation, mesh, K3s"
    for host, ((index, key), runs) in seen.items():
        assert _identity(host)[0] == index, "the interface stayed"
        assert _identity(host)[1] != key
        assert len(starts(host)) == runs + 1
        assert "192.0.2.192" in host.told("nft list set inet edge admin4")
    for region in (EUROPE, INDIA):
        last = [starts(host)[-1] for host in lab.of(region)]
        assert all(ready < begun for (_, ready, _), (begun, _, _) in pairwise(last))
    assert unreachable(lab.hosts.values()) == []


def test_an_up_that_was_killed_is_finished_by_the_next_one(both: Step) -> None:
    lab = both.lab
    lab.plan["revision"] = 3
    for region in (EUROPE, INDIA):
        for host in lab.region(region)["hosts"]:
            host["mesh_key"] = mesh_key()

    both.engine.killed("up", "--yes", "--skip-preview", after="updating")
    both.engine.cancel()
    finished = succeeded(both.engine.up())

    assert set(finished.counts) <= {"update"}
    for region in (EUROPE, INDIA):
        for told in lab.region(region)["hosts"]:
            assert lab.hosts[told["name"]].told("wg show openova0 public-key") == public_key(told["mesh_key"])
    assert unreachable(lab.hosts.values()) == []


def _identity(host: Host) -> tuple[str, str]:
    return host.told("cat /sys/class/net/openova0/ifindex"), host.told("wg show openova0 public-key")


def test_a_host_that_shows_another_key_is_refused_and_told_nothing(both: Step) -> None:
    lab = both.lab
    host = lab.hosts["in-3"]
    told = next(item for item in lab.region(INDIA)["hosts"] if item["name"] == host.name)
    accepted = host.told("journalctl -u ssh -o cat | grep -c Accepted")
    told["host_key"] = key_pair().public
    try:
        refused = both.engine.up()
    finally:
        told["host_key"] = host.host_key.public

    assert refused.code != 0
    assert "host key mismatch" in refused.text
    assert host.told("journalctl -u ssh -o cat | grep -c Accepted") == accepted
    assert succeeded(both.engine.up()).counts == {}
