"""The engine's view of one stack, and which secrets a stack asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.plan.check import checked
from settings.loader import Loaded, inspect_project, load
from settings.problems import SettingsError
from settings.project import StackFile, encode, read_project
from settings.secrets import ALL
from settings.stacks import GlobalStack, RegionStack, SharedStack
from tests.projects import GUARDED, ROOT, SHARED, copy_project, edit, share
from tests.variants import witness

EU, IN, GLOBAL = "Pulumi.eu.yaml", "Pulumi.in.yaml", "Pulumi.global.yaml"


def engine(root: Path, stack: str, *, secrets: bool = True, **changes: str | None) -> StackFile:
    """A stack as the engine hands it over: everything merged, its own keys not told apart, secrets by their keys."""
    file = read_project(root).stacks[stack]
    values = dict(file.values)
    known = frozenset(secret.key for secret in ALL) if secrets else frozenset()
    values |= dict.fromkeys(known, "")
    for key, text in changes.items():
        values.pop(f"openova:{key}", None)
        if text is not None:
            values[f"openova:{key}"] = text
    own = frozenset(secret.key for secret in ALL if secret.key in values)
    return StackFile(stack, file.file, values, known, own, initialised=True)


def loaded(root: Path, stack: StackFile) -> Loaded:
    return load(stack, read_project(root).shared)


def refused(root: Path, stack: StackFile) -> list[tuple[str, str]]:
    with pytest.raises(SettingsError) as error:
        loaded(root, stack)
    return [(problem.file, problem.key) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("name", "kind"), [("shared", SharedStack), ("eu", RegionStack), ("in", RegionStack), ("global", GlobalStack)]
)
def test_a_stack_sees_the_same_settings_as_the_plan(name: str, kind: type) -> None:
    inspection = inspect_project(read_project(ROOT))
    here = loaded(ROOT, engine(ROOT, name))
    assert isinstance(here.stack, kind)
    assert (here.platform, here.stack, here.name) == (inspection.platform, inspection.stacks[name], name)


def test_the_engine_may_write_whole_numbers_and_spaces_in_its_own_way() -> None:
    text = encode(read_project(ROOT).shared["openova:latency"])
    assert loaded(ROOT, engine(ROOT, "eu", latency=text.replace("21.0", "21").replace(", ", ","))).name == "eu"


def test_a_shared_fact_that_was_changed_for_one_stack_is_refused() -> None:
    changed = encode({"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"})
    assert refused(ROOT, engine(ROOT, "in", authority=changed)) == [(IN, "openova:authority")]
    assert refused(ROOT, engine(ROOT, "in", budget="1000")) == [(IN, "openova:budget")]


def test_a_stack_does_not_start_without_its_secrets() -> None:
    assert refused(ROOT, engine(ROOT, "global", secrets=False)) == [(GLOBAL, "cloudflare:apiToken")]
    assert loaded(ROOT, engine(ROOT, "eu", secrets=False)).name == "eu"


def test_a_secret_in_plain_text_does_not_start(tmp_path: Path) -> None:
    plain = engine(ROOT, "eu", secrets=False, sshPrivateKey="hunter2")
    assert refused(ROOT, plain) == [(EU, "openova:sshPrivateKey")]
    root = copy_project(tmp_path)
    share(root, "sshPrivateKey", "hunter2")
    assert refused(root, engine(root, "eu", secrets=False)) == [(SHARED, "openova:sshPrivateKey")]


def test_a_stack_answers_for_the_shared_facts_and_for_itself_only(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    share(root, "tenant", "a")
    share(root, "edge.drained", ["eu", "in"])
    edit(root / EU, "config.openova:nodes.contabo-eu-3.role", "agent")
    edit(root / IN, "config.openova:nodes.contabo-in-3.role", "agent")
    shared = [(SHARED, "openova:edge.drained"), (SHARED, "openova:tenant")]
    assert refused(root, engine(root, "eu")) == [(EU, "openova:nodes[*].role"), *shared]
    assert refused(root, engine(root, "global")) == shared


def test_a_stack_that_has_no_line_is_refused() -> None:
    values = engine(ROOT, "in", code="sg").values
    stack = StackFile("sg", "Pulumi.sg.yaml", values, frozenset(s.key for s in ALL), initialised=True)
    assert refused(ROOT, stack) == [("Pulumi.sg.yaml", "openova:code")]


def test_a_template_tells_its_missing_secrets_as_a_notice_only() -> None:
    project = checked(read_project(ROOT))
    assert {stack: [secret.key for secret in absent] for stack, absent in project.unset_secrets.items()} == {
        "global": ["cloudflare:apiToken"],
        "shared": ["openova:r2AccessKeyId", "openova:r2SecretAccessKey", "cloudflare:apiToken"],
    }


@pytest.mark.parametrize(
    ("mode", "slack", "keys"),
    [
        ("load-balancer", True, {"cloudflare:apiToken", "openova:slackWebhook"}),
        ("records", True, {"cloudflare:apiToken"}),
        ("tunnel", True, set()),
    ],
)
def test_a_secret_is_asked_for_where_it_is_used(tmp_path: Path, mode: str, slack: bool, keys: set[str]) -> None:
    root = copy_project(tmp_path)
    share(root, "edge.mode", mode)
    share(root, "edge.notifications", {"slack": slack})
    unset = checked(read_project(root)).unset_secrets
    assert {secret.key for secret in unset.get("global", ())} == keys


def test_every_secret_is_asked_for_in_the_stacks_that_it_names_only(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    share(root, "edge.notifications", {"slack": True})
    for file in (EU, IN):
        edit(root / file, "config.openova:ssh.auth", "key")
        edit(root / file, "config.openova:observability", {"remoteWrite": "https://metrics.example/write"})
    edit(root / EU, "config.openova:nodes.contabo-eu-2", {"provisioning": "order", "product": "VPS 10"})
    image = "afecbb85-e2fc-46f0-9684-b46b1faf00bb"
    contabo = {"productId": "V92", "imageId": image, "dataCenter": "European Union 1", "sshKeyIds": [1]}
    edit(root / EU, "config.openova:contabo", contabo)
    witness(root)
    edit(root / "Pulumi.sg.yaml", "config.openova:ssh", {"auth": "key"})
    edit(root / "Pulumi.sg.yaml", "config.openova:contabo", contabo)
    edit(root / "Pulumi.sg.yaml", "config.openova:nodes.contabo-sg-1", {"provisioning": "order", "product": "VPS 10"})
    share(root, "guard", GUARDED)
    project = checked(read_project(root))
    asked = {(secret, project.stacks[name].kind) for name, absent in project.unset_secrets.items() for secret in absent}
    assert asked == {(secret, stack) for secret in ALL for stack in secret.stacks}
