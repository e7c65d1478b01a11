"""A server lost and replaced, the API reached through another one, and an agent, by the runbook of docs/nodes.md.

The servers run a stand-in for K3s (its docstring says what it shares with K3s). The last test leaves the hosts as
the first one found them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from lab.host import Host
from lab.world import INDIA
from tests.hosts.conftest import Step, succeeded
from tests.hosts.lab import told
from tests.hosts.pings import unreachable
from tests.hosts.test_convergence import answer_to, starts
from tests.hosts.test_k3s import forgotten, wiped

pytestmark = [pytest.mark.hosts, pytest.mark.engine]


@contextmanager
def without(host: Host) -> Iterator[None]:
    """The host has no power inside."""
    host.cut_power()
    try:
        yield
    finally:
        host.start()
        host.wait()


def at(step: Step, name: str, host: Host) -> None:
    """The configuration says that the node of this name is this host."""
    entry = next(item for item in step.lab.region(INDIA)["hosts"] if item["name"] == name)
    entry.update(address=host.address, host_key=host.host_key.public)


def in_order(step: Step, *numbers: int) -> None:
    """The configuration lists India's nodes in this order."""
    by_name = {item["name"]: item for item in step.lab.region(INDIA)["hosts"]}
    step.lab.region(INDIA)["hosts"] = [by_name[f"in-{number}"] for number in numbers]


def names_in(host: Host) -> list[str]:
    """The servers that are up, as one of them sees it."""
    return [line.split()[0] for line in host.told("k3s kubectl get nodes").splitlines() if line.endswith("True")]


def test_while_the_first_server_is_down_another_one_is_reached_and_the_dead_host_is_left_alone(both: Step) -> None:
    first, second, _ = both.lab.of(INDIA)
    with without(first):
        before = yaml.safe_load(both.engine.kubeconfig("in"))
        both.lab.region(INDIA)["api_through"] = second.name
        outcome = succeeded(both.engine.up())
        after = yaml.safe_load(both.engine.kubeconfig("in"))

        assert outcome.counts == {}, "nothing on any host"
        assert after == {**before, "current-context": second.name}
        assert answer_to(both, after, second.name) == "ok"
        assert answer_to(both, after, first.name) == ""

    del both.lab.region(INDIA)["api_through"]
    assert succeeded(both.engine.up()).counts == {}


def test_a_lost_first_server_is_replaced_by_a_new_host_of_its_name_and_no_other_one_restarts(both: Step) -> None:
    lost, second, third = both.lab.of(INDIA)
    runs = [len(starts(host)) for host in (second, third)]
    with without(lost), both.lab.another(INDIA, 5) as new:
        at(both, lost.name, new)
        as_first = both.engine.up()
        in_order(both, 2, 3, 1)
        too_early = both.engine.up()
        forgotten(lost, second)
        joined = succeeded(both.engine.up())

        assert as_first.code != 0
        assert "put a server that runs first in 'nodes'" in as_first.text
        assert too_early.code != 0
        assert f"run 'kubectl delete node {lost.name}'" in too_early.text
        assert too_early.seconds < 100, "K3s' own answer ends the wait, not 300 s"
        assert set(joined.counts) <= {"update", "create"}
        assert new.told("hostname") == lost.name
        assert starts(new)[-1][2] == f"joins https://{second.address}:6443"
        assert names_in(third) == ["in-2", "in-3", "in-1"]
        assert [len(starts(host)) for host in (second, third)] == runs
        kubeconfig = yaml.safe_load(both.engine.kubeconfig("in"))
        assert kubeconfig["current-context"] == second.name
        assert answer_to(both, kubeconfig, lost.name) == "ok"
        assert succeeded(both.engine.up()).counts == {}
    wiped(lost)


def test_a_server_reinstalled_at_its_own_address_joins_after_its_node_was_deleted(both: Step) -> None:
    back, second, third = both.lab.of(INDIA)
    runs = [len(starts(host)) for host in (second, third)]
    at(both, back.name, back)
    forgotten(back, second)

    succeeded(both.engine.up())
    in_order(both, 1, 2, 3)
    turned = succeeded(both.engine.up())

    assert set(turned.counts) == {"update"}
    assert names_in(third) == ["in-2", "in-3", "in-1"]
    assert [len(starts(host)) for host in (second, third)] == runs
    assert unreachable(both.lab.hosts.values()) == []
    assert succeeded(both.engine.up()).counts == {}


def test_a_fourth_node_joins_as_an_agent_and_goes_again(both: Step) -> None:
    servers, hosts = both.lab.of(INDIA), both.lab.region(INDIA)["hosts"]
    runs = [len(starts(host)) for host in servers]
    with both.lab.another(INDIA, 4) as agent:
        hosts.append({**told(agent), "role": "agent"})
        added = succeeded(both.engine.up())

        assert {name for name, done in added.operations.items() if done == "create"} == {
            "in-4",
            *(f"in-4-{what}" for what in ("base", "firewall", "firewall-confirm")),
            *("in-mesh-in-4", "in-k3s-in-4-fetch", "in-k3s-in-4"),
        }
        assert agent.told("systemctl is-active k3s-agent") == "active"
        assert f"joins https://{servers[0].address}:6443" in agent.told("cat /var/lib/standin.log")
        assert agent.console("ls /etc/rancher/k3s/agent-token /etc/rancher/k3s/k3s.yaml").stdout == ""
        assert unreachable([*both.lab.hosts.values(), agent]) == []
        assert [len(starts(host)) for host in servers] == runs
        contexts = yaml.safe_load(both.engine.kubeconfig("in"))["contexts"]
        assert [context["name"] for context in contexts] == [host.name for host in servers]
        assert succeeded(both.engine.up()).counts == {}

    hosts.pop()
    forgotten(agent, servers[0])
    refused = both.engine.up()
    assert "protected" in refused.text
    both.engine.unprotect()
    assert "delete" in succeeded(both.engine.up()).counts
    assert succeeded(both.engine.up()).counts == {}
