"""Mistakes in the stacks' own files, and between them and the shared facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from settings.project import read_project
from tests.projects import SHARED, copy_project, edit, only_problem, problems, remove, share, value

EU, IN = "Pulumi.eu.yaml", "Pulumi.in.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


def nodes(root: Path, file: str) -> dict[str, Any]:
    return dict(value(root / file, "config.openova:nodes"))


@pytest.mark.parametrize(
    ("file", "key"),
    [
        (SHARED, "openova:tenant"),
        (SHARED, "openova:protect"),
        (SHARED, "openova:edge.monitor.intervall"),
        (SHARED, "openova:regions[1].postgres.clonefrom"),
        (SHARED, "openova:latency[4].rtts"),
        (EU, "openova:httpsCidrs"),
        (EU, "openova:nodes.contabo-eu-1.adress"),
        (EU, "openova:databases.postgres.size"),
        ("Pulumi.global.yaml", "openova:hosts"),
        ("Pulumi.shared.yaml", "openova:nodes"),
    ],
)
def test_a_name_that_is_no_setting_is_refused(root: Path, file: str, key: str) -> None:
    first, *rest = key.replace("[", ".").replace("]", "").split(".")
    top = ["config", first.removeprefix("openova:"), "value"] if file == SHARED else ["config", first]
    edit(root / file, [*top, *rest], "given")
    last = key.rpartition(":")[2].rpartition(".")[2]
    assert only_problem(root, file, key).rule == f"{last!r} is not a setting here."


def test_a_misspelt_name_hides_no_other_mistake(root: Path) -> None:
    share(root, "regions.1.networks.pod", "10.44.0.0/16")
    share(root, "budget", 10)
    edit(root / EU, "config.openova:nodes.contabo-eu-3.role", "agent")
    edit(root / EU, "config.openova:k3s.versions", "v1.34.2+k3s1")
    assert [(problem.file, problem.key) for problem in problems(root)] == [
        (EU, "openova:k3s.versions"),
        (EU, "openova:nodes[*].role"),
        (SHARED, "openova:budget"),
        (SHARED, "openova:regions[1].networks.pod"),
    ]


@pytest.mark.parametrize("role", ["server", "agent"])
def test_k3s_servers_are_an_odd_number(root: Path, role: str) -> None:
    edit(root / IN, "config.openova:nodes.contabo-in-2.role", role)
    edit(root / IN, "config.openova:nodes.contabo-in-3.role", "agent")
    if role == "server":
        assert "2 K3s servers, an even number" in only_problem(root, IN, "openova:nodes[*].role").rule
    else:
        assert problems(root) == ()


def test_a_cluster_of_agents_only_is_refused(root: Path) -> None:
    for node in nodes(root, IN):
        edit(root / IN, f"config.openova:nodes.{node}.role", "agent")
    only_problem(root, IN, "openova:nodes[*].role")


@pytest.mark.parametrize("node", ["contabo-in-3", "contabo-eu-1", "contabo-in-9"])
def test_the_api_is_reached_through_a_server_of_the_region(root: Path, node: str) -> None:
    for agent in ("contabo-in-2", "contabo-in-3"):
        edit(root / IN, f"config.openova:nodes.{agent}.role", "agent")
    edit(root / IN, "config.openova:k3s.apiThrough", node)
    assert "Write one of contabo-in-1, or" in only_problem(root, IN, "openova:k3s.apiThrough").fix

    edit(root / IN, "config.openova:k3s.apiThrough", "contabo-in-1")
    assert problems(root) == ()


def test_postgresql_has_no_more_instances_than_nodes(root: Path) -> None:
    edit(root / IN, "config.openova:databases.postgres.instances", 4)
    only_problem(root, IN, "openova:databases.postgres.instances")


@pytest.mark.parametrize("file", [EU, IN])
def test_a_malformed_host_key_is_refused(root: Path, file: str) -> None:
    node = next(iter(nodes(root, file)))
    edit(root / file, f"config.openova:nodes.{node}.hostKey", "ssh-ed25519 AAAA")
    assert "not an ed25519 host key" in only_problem(root, file, f"openova:nodes.{node}.hostKey").rule


def test_two_nodes_do_not_have_one_address(root: Path) -> None:
    edit(root / EU, "config.openova:nodes.contabo-eu-3.address", "203.0.113.11")
    rule = only_problem(root, EU, "openova:nodes.contabo-eu-3.address").rule
    assert rule == "203.0.113.11 is also the address of contabo-eu-1."


def test_two_regions_do_not_have_one_address_in_any_spelling(root: Path) -> None:
    edit(root / EU, "config.openova:nodes.contabo-eu-1.address", "2001:db8::1")
    edit(root / IN, "config.openova:nodes.contabo-in-2.address", "2001:0DB8:0:0::0001")
    only_problem(root, IN, "openova:nodes.contabo-in-2.address")


@pytest.mark.parametrize("missing", ["address", "hostKey"])
def test_a_server_of_your_own_needs_its_address_and_host_key(root: Path, missing: str) -> None:
    remove(root / EU, f"config.openova:nodes.contabo-eu-2.{missing}")
    assert f"needs its {missing}." in only_problem(root, EU, "openova:nodes.contabo-eu-2").rule


CONTABO = {
    "productId": "V92",
    "imageId": "afecbb85-e2fc-46f0-9684-b46b1faf00bb",
    "dataCenter": "European Union 1",
    "sshKeyIds": [1],
}


def test_a_server_is_not_ordered_without_a_word_about_contabo(root: Path) -> None:
    edit(root / EU, "config.openova:nodes.contabo-eu-2", {"provisioning": "order", "product": "VPS 10"})
    only_problem(root, EU, "openova:contabo")


def test_a_server_is_ordered_where_contabo_is_told_what_to_make(root: Path) -> None:
    edit(root / EU, "config.openova:nodes.contabo-eu-2", {"provisioning": "order", "product": "VPS 10"})
    edit(root / EU, "config.openova:contabo", CONTABO)
    assert problems(root) == ()


def test_an_ordered_server_has_no_address_of_its_own(root: Path) -> None:
    edit(root / EU, "config.openova:nodes.contabo-eu-2.provisioning", "order")
    edit(root / EU, "config.openova:contabo", CONTABO)
    only_problem(root, EU, "openova:nodes.contabo-eu-2.address")


def test_an_ordered_server_needs_to_know_where_in_the_world(root: Path) -> None:
    edit(root / EU, "config.openova:nodes.contabo-eu-2", {"provisioning": "order", "product": "VPS 10"})
    edit(root / EU, "config.openova:contabo", CONTABO)
    edit(root / SHARED, "config.regions.value.0.location", "")
    only_problem(root, SHARED, "openova:regions[*].location")


def test_every_node_of_the_line_is_described(root: Path) -> None:
    remove(root / EU, "config.openova:nodes.contabo-eu-3")
    edit(root / EU, "config.openova:nodes.contabo-eu-2.role", "agent")
    edit(root / EU, "config.openova:databases.postgres.instances", 2)
    assert "contabo-eu-3 stands in openova:regions" in only_problem(root, EU, "openova:nodes").rule


def test_every_described_node_stands_in_the_line(root: Path) -> None:
    share(root, "regions.1.nodes", ["contabo-in-1", "contabo-in-2"])
    assert "contabo-in-3" in only_problem(root, IN, "openova:nodes.contabo-in-3").rule


def test_a_node_name_ends_in_its_number(root: Path) -> None:
    described = nodes(root, IN)
    described["india"] = described.pop("contabo-in-3")
    edit(root / IN, "config.openova:nodes", described)
    only_problem(root, IN, "openova:nodes.india")


@pytest.mark.parametrize("version", ["v1.32.9+k3s1", "v1.35.0+k3s1", "v1.34.2", "1.34.2+k3s1", "latest"])
def test_an_unsupported_k3s_is_refused(root: Path, version: str) -> None:
    edit(root / IN, "config.openova:k3s.version", version)
    assert "v1.33 and v1.34" in only_problem(root, IN, "openova:k3s.version").rule


@pytest.mark.parametrize(("setting", "version"), [("postgres", "16"), ("postgres", "19"), ("mongodb", "8.0")])
def test_an_unsupported_database_is_refused(root: Path, setting: str, version: str) -> None:
    share(root, f"{setting}.version", version)
    assert version in only_problem(root, SHARED, f"openova:{setting}.version").rule


@pytest.mark.parametrize(("setting", "version"), [("postgres", 18), ("mongodb", 7.0)])
def test_a_version_without_quotes_is_told_so(root: Path, setting: str, version: float) -> None:
    share(root, f"{setting}.version", version)
    assert f'Write it in quotes: "{version}"' in only_problem(root, SHARED, f"openova:{setting}.version").fix


def test_processors_without_quotes_are_told_so(root: Path) -> None:
    edit(root / EU, "config.openova:databases.postgres.cpu", 2)
    assert 'Write it in quotes: "2"' in only_problem(root, EU, "openova:databases.postgres.cpu").fix


@pytest.mark.parametrize("file", [EU, "Pulumi.global.yaml", "Pulumi.shared.yaml"])
@pytest.mark.parametrize("fact", ["authority", "phase", "domain", "budget", "residency"])
def test_a_stack_file_does_not_change_a_shared_fact(root: Path, file: str, fact: str) -> None:
    changed = {"authority": {"primary": "in", "epoch": 2}, "budget": 1000, "residency": {"postgresql": "eu"}}
    edit(root / file, f"config.openova:{fact}", changed.get(fact, "single"))
    only_problem(root, file, f"openova:{fact}")


@pytest.mark.parametrize("fact", ["authority", "phase", "budget"])
def test_a_stack_file_does_not_even_repeat_a_shared_fact(root: Path, fact: str) -> None:
    edit(root / IN, f"config.openova:{fact}", value(root / SHARED, f"config.{fact}.value"))
    only_problem(root, IN, f"openova:{fact}")


def test_a_shared_fact_without_namespace_is_found_too(root: Path) -> None:
    edit(root / IN, "config.phase", "read-replicas")
    only_problem(root, IN, "openova:phase")


@pytest.mark.parametrize("stack", ["eu", "in", "shared", "global"])
def test_every_stack_has_a_file(root: Path, stack: str) -> None:
    (root / f"Pulumi.{stack}.yaml").unlink()
    assert stack in only_problem(root, f"Pulumi.{stack}.yaml", "(whole file)").rule


def test_a_region_without_a_line_is_refused(root: Path) -> None:
    (root / "Pulumi.sg.yaml").write_text(
        (root / IN).read_text().replace("198.51.100", "192.0.2").replace("openova:code: in", "openova:code: sg")
    )
    assert "has no line" in only_problem(root, "Pulumi.sg.yaml", "openova:code").rule


def test_a_stack_is_the_region_of_its_name(root: Path) -> None:
    (root / "Pulumi.sg.yaml").write_text((root / IN).read_text().replace("198.51.100", "192.0.2"))
    assert only_problem(root, "Pulumi.sg.yaml", "openova:code").fix.startswith("Write code: sg")


@pytest.mark.parametrize(("stack", "kind"), [("global", "shared"), ("shared", "global"), ("mumbai", "global")])
def test_a_stack_is_of_the_kind_that_its_name_says(root: Path, stack: str, kind: str) -> None:
    edit_or_make = root / f"Pulumi.{stack}.yaml"
    if not edit_or_make.exists():
        edit_or_make.write_text("config: {}\n")
    edit(edit_or_make, "config.openova:kind", kind)
    only_problem(root, edit_or_make.name, "openova:kind")


@pytest.mark.parametrize("given", [None, "regional", ""])
def test_a_stack_says_its_kind(root: Path, given: str | None) -> None:
    if given is None:
        remove(root / EU, "config.openova:kind")
    else:
        edit(root / EU, "config.openova:kind", given)
    only_problem(root, EU, "openova:kind")


SECRETS = {
    "shared": {"openova:r2AccessKeyId", "openova:r2SecretAccessKey", "cloudflare:apiToken"},
    "global": {"cloudflare:apiToken"},
    "eu": set(),
}


@pytest.mark.parametrize("stack", SECRETS)
def test_an_initialised_stack_has_all_its_secrets(root: Path, stack: str) -> None:
    file = root / f"Pulumi.{stack}.yaml"
    edit(file, "encryptionsalt", "v1:c2FsdA==:v1:bm9uY2U=:Y2lwaGVy")
    assert {(problem.file, problem.key) for problem in problems(root)} == {(file.name, key) for key in SECRETS[stack]}
    for key in SECRETS[stack]:
        edit(file, f"config.{key}", {"secure": "v1:bm9uY2U=:Y2lwaGVy"})
    assert problems(root) == ()


def test_a_stack_of_a_secrets_provider_is_initialised_too(root: Path) -> None:
    edit(root / "Pulumi.global.yaml", "secretsprovider", "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k")
    problem = only_problem(root, "Pulumi.global.yaml", "cloudflare:apiToken")
    assert "pulumi config set --stack global --secret cloudflare:apiToken" in problem.fix


def test_a_setting_can_ask_for_a_secret(root: Path) -> None:
    edit(root / EU, "encryptionsalt", "v1:c2FsdA==:v1:bm9uY2U=:Y2lwaGVy")
    edit(root / EU, "config.openova:ssh.auth", "key")
    only_problem(root, EU, "openova:sshPrivateKey")


@pytest.mark.parametrize("initialised", [True, False])
@pytest.mark.parametrize("key", ["openova:r2SecretAccessKey", "cloudflare:apiToken"])
def test_a_secret_in_plain_text_is_refused(root: Path, key: str, initialised: bool) -> None:
    file = root / "Pulumi.shared.yaml"
    if initialised:
        edit(file, "encryptionsalt", "v1:c2FsdA==:v1:bm9uY2U=:Y2lwaGVy")
        for other in SECRETS["shared"] - {key}:
            edit(file, f"config.{other}", {"secure": "v1:bm9uY2U=:Y2lwaGVy"})
    edit(file, f"config.{key}", "hunter2")
    problem = only_problem(root, file.name, key)
    assert "plain text" in problem.rule
    assert "hunter2" not in str(problem)


def test_a_secret_in_plain_text_for_all_stacks_is_refused(root: Path) -> None:
    share(root, "sshPrivateKey", "hunter2")
    assert "hunter2" not in str(only_problem(root, SHARED, "openova:sshPrivateKey"))


def test_a_secret_that_no_stack_asks_for_is_no_mistake(root: Path) -> None:
    edit(root / EU, "config.openova:sshPrivateKey", {"secure": "v1:bm9uY2U=:Y2lwaGVy"})
    assert read_project(root).stacks["eu"].secrets == {"openova:sshPrivateKey"}
    assert problems(root) == ()
