"""The program on the real Pulumi engine, with a state file of its own and no account anywhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from components.network import public_key
from operations.plan.check import checked
from operations.plan.project import job_for
from operations.plan.worker import run
from settings.project import read_project
from tests.engine import PLUGINS, Engine, engine_in, need
from tests.projects import edit, remove, share

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The committed project with initialised stacks, none of them brought up."""
    need()
    return engine_in(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The same without backups, so that `shared` needs no account; its keys are really made."""
    need("random", "tls")
    engine = engine_in(tmp_path_factory.mktemp("keyed"))
    share(engine.root, "backups.enabled", False)
    engine.pulumi("up", "--stack", "shared", "--yes", "--skip-preview")
    return engine


@pytest.mark.parametrize("stack", list(PLUGINS))
def test_an_empty_account_previews_every_stack_just_as_the_plan_lists_it(empty: Engine, stack: str) -> None:
    need(*PLUGINS[stack])
    preview = empty.preview(stack)
    assert not [item for item in preview.get("diagnostics", []) if item["severity"] == "error"]
    files = read_project(empty.root)
    evaluation = run(job_for(files, checked(files), stack, {}))
    planned = {
        (item.type, item.name, _name(item.parent), item.protect) for item in evaluation.resources if not item.read
    }
    assert planned == set(_created(preview))


def _created(preview: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    for step in preview["steps"]:
        state = step["newState"]
        own = not _name(step["urn"]).startswith("default") and state["type"] != "pulumi:pulumi:Stack"
        if step["op"] == "create" and own:
            yield state["type"], _name(step["urn"]), _name(state.get("parent", "")), bool(state.get("protect"))


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def test_the_plan_merges_configuration_as_the_engine_does(empty: Engine) -> None:
    files = read_project(empty.root)
    for stack in PLUGINS:
        shown = json.loads(empty.pulumi("config", "--stack", stack, "--json").stdout)
        values = files.stacks[stack].values
        assert set(shown) == set(values)
        for key, item in shown.items():
            if item["secret"]:
                assert key in files.stacks[stack].secrets
            else:
                assert _plain(item["value"]) == _plain(values[key]), key


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return _plain(json.loads(value)) if value[:1] in "[{" or value in ("true", "false") else value
        except json.JSONDecodeError:
            return value
    return value


def test_a_stack_before_its_turn_changes_nothing_and_names_the_next_step(empty: Engine) -> None:
    need(*PLUGINS["eu"])
    done = empty.pulumi("up", "--stack", "eu", "--yes", "--skip-preview", check=False)
    assert done.returncode != 0
    assert "Next step: pulumi up --stack shared" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    state = json.loads(empty.pulumi("stack", "export", "--stack", "eu").stdout)
    kinds = {item["type"] for item in state["deployment"].get("resources") or []}
    assert not {kind for kind in kinds if kind.startswith(("openova:", "command:", "kubernetes:"))}


def test_a_broken_setting_is_told_by_the_engine_too(empty: Engine, tmp_path: Path) -> None:
    config = empty.root / "Pulumi.eu.yaml"
    saved = config.read_text()
    try:
        edit(config, "config.openova:nodes.contabo-eu-1.hostKey", "ssh-rsa AAAA")
        done = empty.pulumi("preview", "--stack", "eu", check=False)
    finally:
        config.write_text(saved)
    assert done.returncode != 0
    assert "openova:nodes.contabo-eu-1.hostKey" in done.stdout
    assert "ed25519" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_shared_stack_makes_real_keys_and_keeps_them_secret(keyed: Engine) -> None:
    shown = json.loads(keyed.pulumi("stack", "output", "--stack", "shared", "--json").stdout)
    hidden = {name for name, value in shown.items() if value == "[secret]"}
    assert hidden == {
        "k3sTokens",
        "meshPrivateKeys",
        "mongodbKeys",
        "postgresKeys",
        "backupCredentials",
        "guardCredentials",
        "tunnelToken",
    }
    real = json.loads(keyed.pulumi("stack", "output", "--stack", "shared", "--json", "--show-secrets").stdout)
    for node, private in real["meshPrivateKeys"].items():
        assert len(base64.b64decode(private)) == 32
        assert real["meshPublicKeys"][node] == public_key(private)
    postgres = real["postgresKeys"]
    assert postgres["privateKey"].startswith("-----BEGIN EC PRIVATE KEY-----"), "the form that CloudNativePG reads"
    authority = x509.load_pem_x509_certificate(postgres["certificate"].encode())
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    key = load_pem_private_key(postgres["privateKey"].encode(), None)
    assert key.public_key() == authority.public_key()


def test_a_mongodb_certificate_covers_every_member_of_every_region(keyed: Engine) -> None:
    real = json.loads(keyed.pulumi("stack", "output", "--stack", "shared", "--json", "--show-secrets").stdout)
    certificate = x509.load_pem_x509_certificate(real["mongodbKeys"]["certificate"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {f"mongo-{code}-{index}.openova.io" for code in ("eu", "in") for index in range(3)} <= set(
        names.get_values_for_type(x509.DNSName)
    )
    authority = x509.load_pem_x509_certificate(real["mongodbKeys"]["certificateAuthority"].encode())
    certificate.verify_directly_issued_by(authority)


def test_a_second_up_of_the_shared_stack_changes_nothing(keyed: Engine) -> None:
    done = keyed.pulumi("up", "--stack", "shared", "--yes", "--skip-preview", "--expect-no-changes")
    assert "unchanged" in done.stdout


def test_turning_the_roles_round_regenerates_no_secret(keyed: Engine) -> None:
    config = keyed.root / "Pulumi.yaml"
    saved = config.read_text()
    try:
        share(keyed.root, "authority", {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"})
        keyed.pulumi("preview", "--stack", "shared", "--expect-no-changes")
    finally:
        config.write_text(saved)


@pytest.mark.parametrize("stack", ["eu", "in"])
def test_a_region_previews_with_the_shared_stack_there_and_kubeconfigs_unknown(keyed: Engine, stack: str) -> None:
    need(*PLUGINS[stack])
    preview = keyed.preview(stack)
    assert not [item for item in preview.get("diagnostics", []) if "has not been brought up" in item["message"]]
    secrets = json.dumps(
        json.loads(keyed.pulumi("stack", "output", "--stack", "shared", "--json", "--show-secrets").stdout)
    )
    owner = json.loads(secrets)["postgresKeys"]["ownerPassword"]
    assert owner not in json.dumps(preview)


def test_secrets_that_cannot_be_decrypted_are_refused_and_never_installed(keyed: Engine) -> None:
    need(*PLUGINS["eu"])
    other = Engine(keyed.root, {**keyed.environment, "PULUMI_CONFIG_PASSPHRASE": "another passphrase"})
    keyed.pulumi("stack", "rm", "eu", "--yes", "--preserve-config")
    remove(keyed.root / "Pulumi.eu.yaml", "encryptionsalt")
    other.pulumi("stack", "init", "eu")
    done = other.pulumi("preview", "--stack", "eu", check=False)
    assert done.returncode != 0
    assert "secrets of the stack shared cannot be decrypted" in done.stdout
    assert "Traceback" not in done.stdout
