"""The cluster: its configuration as pure functions, and the resources in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.k3s import (
    ClusterConfig,
    K3sArgs,
    K3sCluster,
    K3sNode,
    Snapshots,
    agent_config,
    cluster_dns,
    rewritten,
    server_config,
)
from components.k3s.config import render
from components.node import Node, NodeArgs, SshConnection
from operations.plan.recorded import Evaluation, Recorded
from operations.plan.values import UNKNOWN, Secret, reveal
from tests.recording import record

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
CA_HASH = "c" * 64
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- cluster: {certificate-authority-data: Q0E=, server: "https://127.0.0.1:6443"}
  name: default
contexts:
- context: {cluster: default, user: default}
  name: default
current-context: default
users:
- name: default
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
"""
CLUSTER = ClusterConfig(
    region_label="europe",
    zone=None,
    pod_cidr="10.42.0.0/16",
    service_cidr="10.43.0.0/16",
    flannel_backend="wireguard-native",
    nodeport_cidrs=("10.99.1.0/24",),
    api_names=("api.eu.openova.io", "k8s.eu.openova.io"),
    disable=("traefik",),
    snapshots=Snapshots(s3_config_secret="k3s-etcd-snapshot-s3-config"),
)


def test_a_server_is_configured_as_a_hardened_member_of_its_region() -> None:
    assert server_config(CLUSTER, "eu-1", "192.0.2.1", "10.99.1.1") == {
        "agent-token-file": "/etc/rancher/k3s/agent-token",
        "cluster-cidr": "10.42.0.0/16",
        "cluster-dns": "10.43.0.10",
        "disable": ["traefik"],
        "etcd-s3": True,
        "etcd-s3-config-secret": "k3s-etcd-snapshot-s3-config",
        "etcd-snapshot-compress": True,
        "etcd-snapshot-retention": 28,
        "etcd-snapshot-schedule-cron": "0 */6 * * *",
        "flannel-backend": "wireguard-native",
        "kubelet-arg": ["sync-frequency=10s"],
        "kube-proxy-arg": ["nodeport-addresses=10.99.1.0/24"],
        "node-ip": "192.0.2.1",
        "node-label": ["topology.kubernetes.io/region=europe"],
        "node-name": "eu-1",
        "protect-kernel-defaults": True,
        "secrets-encryption": True,
        "service-cidr": "10.43.0.0/16",
        "tls-san": ["10.99.1.1", "192.0.2.1", "api.eu.openova.io", "eu-1", "k8s.eu.openova.io"],
        "token-file": "/etc/rancher/k3s/token",
        "write-kubeconfig-mode": "0600",
    }


def test_an_agent_is_configured_without_what_only_servers_may_say() -> None:
    assert agent_config(replace(CLUSTER, zone="hub-1"), "eu-4", "192.0.2.4") == {
        "kubelet-arg": ["sync-frequency=10s"],
        "kube-proxy-arg": ["nodeport-addresses=10.99.1.0/24"],
        "node-ip": "192.0.2.4",
        "node-label": ["topology.kubernetes.io/region=europe", "topology.kubernetes.io/zone=hub-1"],
        "node-name": "eu-4",
        "protect-kernel-defaults": True,
        "token-file": "/etc/rancher/k3s/token",
    }


def test_without_a_bucket_no_s3_option_is_set() -> None:
    config = server_config(replace(CLUSTER, snapshots=Snapshots()), "eu-1", "192.0.2.1")

    assert not [key for key in config if key.startswith("etcd-s3")]


def test_what_servers_must_have_in_common_is_the_same_on_all() -> None:
    first, second = (server_config(CLUSTER, f"eu-{i}", f"192.0.2.{i}") for i in (1, 2))

    assert {key for key in first if first[key] != second[key]} == {"node-ip", "node-name", "tls-san"}


@given(st.permutations(CLUSTER.api_names))
def test_the_order_of_names_does_not_restart_a_server(names: list[str]) -> None:
    turned = replace(CLUSTER, api_names=tuple(names))

    assert render(server_config(turned, "eu-1", "192.0.2.1")) == render(server_config(CLUSTER, "eu-1", "192.0.2.1"))


def test_the_configuration_reads_back_from_yaml_as_it_was() -> None:
    config = server_config(CLUSTER, "eu-1", "192.0.2.1")

    assert yaml.safe_load(render(config)) == config


@pytest.mark.parametrize(("cidr", "dns"), [("10.43.0.0/16", "10.43.0.10"), ("fd00:43::/112", "fd00:43::a")])
def test_dns_has_the_tenth_address_of_the_services(cidr: str, dns: str) -> None:
    assert cluster_dns(cidr) == dns


def test_a_network_too_small_for_services_is_refused() -> None:
    with pytest.raises(ValueError, match="service_cidr"):
        cluster_dns("10.43.0.0/29")


def test_a_kubeconfig_has_a_context_for_each_server_with_one_authority_and_one_user() -> None:
    def entry(name: str, address: str) -> dict[str, Any]:
        server = f"https://{address}:6443"
        return {"cluster": {"certificate-authority-data": "Q0E=", "server": server}, "name": name}

    def context(name: str) -> dict[str, Any]:
        return {"context": {"cluster": name, "user": "k3s-eu"}, "name": name}

    assert yaml.safe_load(rewritten(KUBECONFIG, {"eu-1": "192.0.2.1", "eu-2": "192.0.2.2"}, "eu-2", "k3s-eu")) == {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [entry("eu-1", "192.0.2.1"), entry("eu-2", "192.0.2.2")],
        "contexts": [context("eu-1"), context("eu-2")],
        "current-context": "eu-2",
        "users": [{"name": "k3s-eu", "user": {"client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ"}}],
    }


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert "https://[2001:db8::1]:6443" in rewritten(KUBECONFIG, {"eu-1": "2001:db8::1"}, "eu-1", "k3s-eu")


@pytest.mark.parametrize("text", ["", "S0VZ", "clusters: []", KUBECONFIG.replace("contexts:", "other:")])
def test_what_is_no_kubeconfig_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"k3s\.yaml") as refused:
        rewritten(text, {"eu-1": "192.0.2.1"}, "eu-1", "k3s-eu")

    assert "S0VZ" not in str(refused.value)
    assert refused.value.__suppress_context__


# The resources


def k3s_node(number: int) -> K3sNode:
    address = f"192.0.2.{number}"
    return K3sNode(
        name=f"eu-{number}",
        connection=SshConnection(host=address, host_key=HOST_KEY),
        address=address,
        mesh_address=f"10.99.1.{number}",
    )


def cluster(**changes: Any) -> K3sArgs:
    args = K3sArgs(
        servers=tuple(k3s_node(number) for number in (1, 2, 3)),
        agents=(k3s_node(4), k3s_node(5)),
        region_label="europe",
        release="v1.34.2+k3s1",
        binary_sha256="a" * 64,
        installer_sha256="b" * 64,
        pod_cidr="10.42.0.0/16",
        service_cidr="10.43.0.0/16",
        nodeport_cidrs=("10.99.1.0/24",),
        server_token="server-token",
        agent_token="agent-token",
        protect=True,
        api_names=("api.eu.openova.io",),
    )
    return replace(args, **changes)


def answer(resource: Recorded) -> Mapping[str, Any]:
    outputs = {"k3s-eu-ca-hash": f"{CA_HASH}\n", "k3s-eu-kubeconfig": KUBECONFIG}
    return {"stdout": outputs.get(resource.name, "")}


def evaluated(args: K3sArgs) -> Evaluation:
    return record(lambda: K3sCluster("k3s-eu", args), answer=answer)


def test_servers_come_one_after_the_other_and_agents_together_after_them() -> None:
    evaluation = evaluated(cluster())

    def waits(later: str, earlier: str) -> bool:
        return evaluation.named(earlier).urn in evaluation.named(later).depends_on

    assert waits("k3s-eu-ca-hash", "k3s-eu-eu-1")
    assert waits("k3s-eu-eu-2", "k3s-eu-eu-1")
    assert waits("k3s-eu-eu-3", "k3s-eu-eu-2")
    assert waits("k3s-eu-eu-4", "k3s-eu-eu-3")
    assert waits("k3s-eu-eu-5", "k3s-eu-eu-3")
    assert not waits("k3s-eu-eu-5", "k3s-eu-eu-4")
    assert waits("k3s-eu-kubeconfig", "k3s-eu-eu-3")


def test_the_release_is_fetched_on_all_hosts_at_once() -> None:
    evaluation = evaluated(cluster())

    for number in range(1, 6):
        fetch = evaluation.named(f"k3s-eu-eu-{number}-fetch")
        assert not [urn for urn in fetch.depends_on if "remote:Command" in urn]
        assert fetch.urn in evaluation.named(f"k3s-eu-eu-{number}").depends_on


def test_the_first_server_starts_the_cluster_and_the_others_join_it_by_its_ca() -> None:
    evaluation = evaluated(cluster())
    commands = {number: evaluation.named(f"k3s-eu-eu-{number}").inputs["create"] for number in (1, 2, 4)}

    assert "CA_HASH=''" in commands[1]
    assert "JOIN_URLS='https://192.0.2.2:6443 https://192.0.2.3:6443'" in commands[1]
    assert f"CA_HASH={CA_HASH}" in commands[2]
    assert "JOIN_URLS='https://192.0.2.1:6443 https://192.0.2.3:6443'" in commands[2]
    assert "ROLE=agent" in commands[4]


def test_tokens_go_by_standard_input_and_an_agent_gets_only_its_own() -> None:
    evaluation = evaluated(cluster())
    server, agent = (evaluation.named(f"k3s-eu-eu-{number}").inputs for number in (1, 4))

    assert isinstance(server["stdin"], Secret)
    assert isinstance(agent["stdin"], Secret)
    assert reveal(server["stdin"]).endswith("\nserver-token\nagent-token\n")
    assert reveal(agent["stdin"]).endswith("\n\nagent-token\n")
    assert "server-token" not in reveal(agent["stdin"])
    for resource in evaluation.of_type("command:remote:Command"):
        assert "server-token" not in resource.inputs["create"]
        assert not {"triggers", "delete", "update"} & resource.inputs.keys()


def outputs_of(evaluation: Evaluation) -> Mapping[str, Any]:
    (outputs,) = (value for urn, value in evaluation.registered_outputs.items() if urn.endswith("::k3s-eu"))
    return outputs


def test_the_kubeconfig_is_secret_and_its_current_context_is_the_first_server() -> None:
    evaluation = evaluated(cluster())
    outputs = outputs_of(evaluation)

    assert isinstance(outputs["kubeconfig"], Secret)
    parsed = yaml.safe_load(reveal(outputs["kubeconfig"]))
    assert [context["name"] for context in parsed["contexts"]] == ["eu-1", "eu-2", "eu-3"]
    assert parsed["current-context"] == "eu-1"
    assert outputs["api"] == "https://192.0.2.1:6443"
    assert evaluation.named("k3s-eu-kubeconfig").inputs["logging"] == "none"


def test_another_server_to_reach_the_api_through_changes_the_current_context_and_no_command() -> None:
    def commands(evaluation: Evaluation) -> dict[str, Any]:
        return {each.name: reveal(each.inputs) for each in evaluation.of_type("command:remote:Command")}

    first, second = evaluated(cluster()), evaluated(cluster(api_through="eu-2"))

    assert commands(first) == commands(second)
    assert outputs_of(second)["api"] == "https://192.0.2.2:6443"
    before, after = (yaml.safe_load(reveal(outputs_of(each)["kubeconfig"])) for each in (first, second))
    assert after == {**before, "current-context": "eu-2"}


@pytest.mark.parametrize("node", ["eu-4", "eu-9", ""])
def test_the_api_is_reached_through_servers_alone(node: str) -> None:
    with pytest.raises(ValueError, match="eu-1, eu-2, eu-3"):
        cluster(api_through=node)


def test_the_images_are_fetched_where_their_sum_is_given() -> None:
    def variables(args: K3sArgs, node: str) -> str:
        return str(evaluated(args).named(f"k3s-eu-{node}-fetch").inputs["create"])

    assert "IMAGES_SHA256=''" in variables(cluster(), "eu-1")
    for node in ("eu-1", "eu-4"):
        assert f"IMAGES_SHA256={'d' * 64}" in variables(cluster(images_sha256="d" * 64), node)


def test_a_cluster_that_does_not_exist_yet_is_planned_with_its_ca_unknown() -> None:
    evaluation = record(lambda: K3sCluster("k3s-eu", cluster()))

    assert evaluation.named("k3s-eu-eu-2").inputs["create"] is UNKNOWN
    assert isinstance(evaluation.named("k3s-eu-eu-2").inputs["stdin"], Secret)
    assert "ROLE=server" in evaluation.named("k3s-eu-eu-1").inputs["create"]


def test_servers_are_protected_and_agents_are_not() -> None:
    evaluation = evaluated(cluster())

    assert evaluation.named("k3s-eu-eu-1").protect
    assert not evaluation.named("k3s-eu-eu-4").protect
    assert not evaluated(cluster(protect=False)).named("k3s-eu-eu-1").protect


def test_a_lost_first_server_is_replaced_by_turning_the_list_round_without_touching_the_configuration() -> None:
    servers = cluster().servers
    turned = evaluated(cluster(servers=(*servers[1:], servers[0])))

    assert "CA_HASH=''" in turned.named("k3s-eu-eu-2").inputs["create"]
    assert turned.named("k3s-eu-eu-1").urn in {
        urn for name in ("k3s-eu-eu-4", "k3s-eu-kubeconfig") for urn in turned.named(name).depends_on
    }
    assert reveal(turned.named("k3s-eu-ca-hash").inputs["connection"])["host"] == "192.0.2.2"


def test_a_server_at_another_address_changes_the_configuration_of_no_other_node() -> None:
    def configured(args: K3sArgs) -> dict[str, str]:
        create = {number: evaluated(args).named(f"k3s-eu-eu-{number}").inputs["create"] for number in range(1, 6)}
        return {
            f"eu-{number}": text.partition("CONFIG=")[2].partition(" JOIN_URLS=")[0] for number, text in create.items()
        }

    servers = cluster().servers
    moved = replace(servers[1], address="192.0.2.77", connection=SshConnection(host="192.0.2.77", host_key=HOST_KEY))
    before, after = configured(cluster()), configured(cluster(servers=(servers[0], moved, servers[2])))

    assert {node for node in before if before[node] != after[node]} == {"eu-2"}


@pytest.mark.parametrize("count", [0, 2, 4])
def test_an_even_number_of_servers_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="odd number"):
        cluster(servers=tuple(k3s_node(number + 10) for number in range(count)))


def test_a_node_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="eu-3"):
        cluster(agents=(k3s_node(3),))


def test_what_comes_before_a_cluster_is_waited_for() -> None:
    def program() -> None:
        args = NodeArgs(
            connection=k3s_node(1).connection,
            hostname="eu-1",
            admin_cidrs=("198.51.100.0/24",),
            http_cidrs=(),
            peer_addresses=(),
            mesh_port=51871,
            mesh_interface="openova0",
            protect=False,
        )
        node = Node("eu-1", args)
        K3sCluster("k3s-eu", cluster(after=(node,)))

    evaluation = record(program)
    assert evaluation.named("eu-1-firewall-confirm").urn in evaluation.named("k3s-eu-eu-2-fetch").depends_on
