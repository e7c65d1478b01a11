"""The node: shell commands, really run by login shells, and the resources."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_random import RandomId

from components.node import (
    DIALS_TO_AN_ORDERED_HOST,
    Node,
    NodeArgs,
    RemoteScriptArgs,
    SshConnection,
    command,
    remote_script,
    standard_input,
)
from components.node.shell import LONGEST_COMMAND
from operations.plan.recorded import Evaluation
from operations.plan.values import UNKNOWN, Secret, reveal
from tests.recording import record

COMMAND = "command:remote:Command"
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="a script of a node runs as root, these tests do not")


def run_by(shell: str, script: Path, variables: Mapping[str, str], **kwargs: Any) -> subprocess.CompletedProcess[str]:
    """What sshd does with a command: it hands it to the login shell as one argument."""
    text = command(script, variables, kwargs.pop("timeout_seconds", 60))
    given = standard_input(script, kwargs.pop("input", ""))
    return subprocess.run([shell, "-c", text], input=given, capture_output=True, text=True, check=False, **kwargs)


@pytest.fixture(scope="module")
def print_value(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = tmp_path_factory.mktemp("scripts") / "print_value.sh"
    script.write_text("printf '%s' \"$VALUE\"\n")
    return script


@as_root
@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
@pytest.mark.parametrize(
    "value",
    ["", "two words", "'", '"', "$(touch /tmp/pwned)", "`id`", "a\nb\n", "\\", "!!", "*", "नमस्ते ü", "-n", "a=b;c|d&e"],
)
def test_a_hostile_value_reaches_the_script_unchanged(shell: str, value: str, print_value: Path) -> None:
    done = run_by(shell, print_value, {"VALUE": value})

    assert (done.returncode, done.stdout, done.stderr) == (0, value, "")


@as_root
@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=200))
def test_any_text_reaches_the_script_unchanged(print_value: Path, value: str) -> None:
    assert run_by("sh", print_value, {"VALUE": value}).stdout == value


@as_root
def test_standard_input_is_left_to_the_script(tmp_path: Path) -> None:
    script = tmp_path / "read.sh"
    script.write_text("IFS= read -r SECRET\nprintf '%s' \"${#SECRET}\"\n")

    assert run_by("sh", script, {}, input="geheim\n").stdout == "6"


@as_root
@pytest.mark.parametrize("piece", [1, 1000])
def test_what_arrives_in_small_pieces_is_parted_at_the_byte(piece: int, tmp_path: Path) -> None:
    script = tmp_path / "read.sh"
    script.write_text("cat # नमस्ते, and several bytes a character\n")
    whole = standard_input(script, "geheim\nmehr").encode()

    with subprocess.Popen(
        ["sh", "-c", command(script, {}, 60)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for start in range(0, len(whole), piece):
            running.stdin.write(whole[start : start + piece])
        running.stdin.close()

        assert running.stdout.read() == b"geheim\nmehr"


@as_root
@pytest.mark.parametrize("lost", ["all", "half", "the last byte", "one letter"])
def test_a_script_that_did_not_arrive_whole_is_not_begun(lost: str, tmp_path: Path) -> None:
    script = tmp_path / "begin.sh"
    script.write_text('touch "$FILE"\n')
    text = standard_input(script)
    arrived = {
        "all": "",
        "half": text[: len(text) // 2],
        "the last byte": text[:-1],
        "one letter": text.replace("touch", "tauch"),
    }[lost]

    done = subprocess.run(
        ["sh", "-c", command(script, {"FILE": str(tmp_path / "begun")}, 60)],
        input=arrived,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "Only a whole script is begun" in done.stderr
    assert not (tmp_path / "begun").exists()


def test_the_command_is_short_and_another_one_for_another_script(tmp_path: Path) -> None:
    script = tmp_path / "long.sh"
    script.write_text("true\n" * 5000)
    before = command(script, {"VALUE": "x"}, 60)
    script.write_text("true\n" * 4999 + "tru3\n")

    assert len(before) < 512
    assert command(script, {"VALUE": "x"}, 60) != before


@as_root
def test_a_script_that_hangs_is_ended(tmp_path: Path) -> None:
    script = tmp_path / "hang.sh"
    script.write_text("sleep 60\n")

    assert run_by("sh", script, {}, timeout_seconds=1).returncode == 124


@as_root
def test_a_script_stops_at_its_first_failure_and_says_so(tmp_path: Path) -> None:
    script = tmp_path / "fail.sh"
    script.write_text("false | true\necho survived\n")

    done = run_by("sh", script, {})

    assert (done.returncode, done.stdout) == (1, "")


@as_root
def test_put_replaces_a_file_only_if_it_differs_and_repairs_its_mode(tmp_path: Path) -> None:
    script = tmp_path / "put.sh"
    script.write_text('put "$FILE" 640 <<<"$CONTENT"\n')
    target = tmp_path / "deep" / "file"
    variables = {"FILE": str(target), "CONTENT": "first"}

    assert run_by("sh", script, variables).stdout == f"changed {target}\n"
    inode = target.stat().st_ino
    target.chmod(0o600)
    assert run_by("sh", script, variables).stdout == f"unchanged {target}\n"
    assert (target.stat().st_ino, target.stat().st_mode & 0o777) == (inode, 0o640)
    assert run_by("sh", script, {**variables, "CONTENT": "second"}).stdout == f"changed {target}\n"
    assert target.read_text() == "second\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_user_who_is_not_root_becomes_root_without_a_password(print_value: Path) -> None:
    assert command(print_value, {}, 5, user="debian").startswith("sudo -n timeout ")
    assert command(print_value, {}, 5).startswith("timeout ")


@pytest.mark.parametrize("name", ["PATH", "BASH_ENV", "lower", "A B", "A;B", "1A", ""])
def test_a_variable_cannot_change_the_shell_itself(name: str, print_value: Path) -> None:
    with pytest.raises(ValueError, match="Choose another name"):
        command(print_value, {name: "x"}, 5)


def test_a_value_that_no_variable_can_hold_is_refused(print_value: Path) -> None:
    with pytest.raises(ValueError, match="NUL"):
        command(print_value, {"VALUE": "a\0b"}, 5)


def test_a_script_longer_than_linux_takes_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "long.sh"
    script.write_text("#" * LONGEST_COMMAND)

    with pytest.raises(ValueError, match="at most"):
        command(script, {}, 5)


def test_a_command_longer_than_linux_takes_is_refused(print_value: Path) -> None:
    with pytest.raises(ValueError, match="standard input"):
        command(print_value, {"VALUE": "x" * LONGEST_COMMAND}, 5)


@pytest.mark.parametrize("key", ["", "ssh-rsa AAAAB3NzaC1yc2E", "AAAAC3NzaC1lZDI1NTE5", "ssh-ed25519 short"])
def test_a_connection_without_a_pinned_ed25519_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="ssh-keyscan"):
        SshConnection(host="192.0.2.1", host_key=key)


# The resources


def connection(host: pulumi.Input[str] = "192.0.2.1") -> SshConnection:
    return SshConnection(host=host, host_key=HOST_KEY, user="debian", private_key="-----BEGIN-----")


def node(peers: tuple[pulumi.Input[str], ...] = ("192.0.2.2",), **changes: Any) -> NodeArgs:
    args = NodeArgs(
        connection=connection(),
        hostname="eu-1",
        admin_cidrs=("198.51.100.0/24",),
        http_cidrs=(),
        peer_addresses=peers,
        mesh_port=51871,
        mesh_interface="openova0",
        protect=True,
    )
    return replace(args, **changes)


def evaluated(args: NodeArgs) -> Evaluation:
    return record(lambda: Node("eu-1", args))


def test_a_node_gets_its_base_then_its_firewall_then_the_confirmation_of_it() -> None:
    evaluation = evaluated(node())
    base, firewall, confirm = (evaluation.named(f"eu-1{part}") for part in ("-base", "-firewall", "-firewall-confirm"))

    assert base.protect
    assert base.urn in firewall.depends_on
    assert firewall.urn in confirm.depends_on
    assert "STEP=apply" in firewall.inputs["create"]
    assert "STEP=confirm" in confirm.inputs["create"]
    assert firewall.inputs["stdin"] == confirm.inputs["stdin"]
    assert "192.0.2.2" in firewall.inputs["stdin"]


def test_commands_on_a_node_change_in_place_and_leave_the_host_alone_when_destroyed() -> None:
    for resource in evaluated(node()).of_type(COMMAND):
        assert set(resource.inputs) <= {"connection", "create", "stdin", "addPreviousOutputInEnv", "logging"}
        assert resource.inputs["addPreviousOutputInEnv"] is False


def test_a_node_is_reached_with_its_host_key_pinned_and_the_login_key_secret() -> None:
    given = evaluated(node()).named("eu-1-base").inputs["connection"]

    assert isinstance(given, Secret)
    assert reveal(given) == {
        "host": "192.0.2.1",
        "port": 22,
        "user": "debian",
        "hostKey": HOST_KEY,
        "privateKey": "-----BEGIN-----",
        "dialErrorLimit": 16,
        "perDialTimeout": 15,
    }


def test_a_server_that_was_just_ordered_is_dialled_for_longer() -> None:
    ordered = replace(connection(), dial_error_limit=DIALS_TO_AN_ORDERED_HOST)

    given = reveal(evaluated(node(connection=ordered)).named("eu-1-base").inputs["connection"])
    assert given["dialErrorLimit"] == 90


def test_without_a_login_key_the_ssh_agent_is_asked() -> None:
    agent = SshConnection(host="192.0.2.1", host_key=HOST_KEY)

    assert "privateKey" not in reveal(evaluated(node(connection=agent)).named("eu-1-base").inputs["connection"])


def test_an_address_that_is_not_known_yet_leaves_the_firewall_unknown_until_the_run() -> None:
    def program() -> None:
        late = RandomId("late", byte_length=1).hex
        Node("eu-1", node(peers=(late,)))

    assert record(program).named("eu-1-firewall").inputs["stdin"] is UNKNOWN


@pytest.mark.parametrize("secret", [True, False])
def test_standard_input_is_the_script_and_is_secret_only_where_what_follows_it_is(
    secret: bool, print_value: Path
) -> None:
    def program() -> None:
        own = pulumi.Output.secret("geheim\n") if secret else "offen\n"
        args = RemoteScriptArgs(script=print_value, connection=connection(), timeout_seconds=5, stdin=own)
        remote_script("x", args, pulumi.ResourceOptions())

    given = record(program).named("x").inputs["stdin"]

    assert isinstance(given, Secret) is secret
    assert reveal(given) == standard_input(print_value, "geheim\n" if secret else "offen\n")


def test_a_secret_given_as_a_variable_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "x.sh"
    script.write_text("true\n")

    def program() -> None:
        args = RemoteScriptArgs(
            script=script,
            connection=connection(),
            timeout_seconds=5,
            variables={"TOKEN": pulumi.Output.secret("geheim")},
        )
        remote_script("x", args, pulumi.ResourceOptions())

    with pytest.raises(Exception, match="A secret is never a variable"):
        record(program)
