"""The doctor: against a real sshd on this machine, and its judgements on facts of hosts."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from operations.cli import app
from operations.doctor import Check, Report, Target, checks
from operations.doctor.facts import Facts, Listener, percentile, read
from operations.doctor.here import local_checks, numbers
from operations.doctor.host import judge
from operations.doctor.mesh import mtu
from operations.doctor.outside import password_login, ports
from operations.doctor.reach import fingerprint
from operations.doctor.ssh import Heard, pinned
from operations.doctor.targets import targets
from operations.findings.show import show
from settings.loader import inspect_project
from settings.project import read_project
from tests.projects import copy_project, edit

SSHD = "/usr/sbin/sshd"
LOOPBACK = "127.0.0.1"
ADDRESSES = tuple(f"127.0.5.{number}" for number in range(1, 7))
GIB = 1024**3
needs_sshd = pytest.mark.skipif(
    sys.platform != "linux" or not Path(SSHD).is_file() or shutil.which("ssh-keyscan") is None,
    reason="needs Linux, sshd and ssh-keyscan: apt-get install openssh-server (it runs on loopback, on its own port)",
)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="a host is examined as root, these tests are not root")


@dataclass(frozen=True)
class Sshd:
    """A running sshd: its port on ADDRESSES, its host key, and a login key that it accepts."""

    port: int
    host_key: str
    identity: Path

    def target(self, **changes: Any) -> Target:
        """A node that is this sshd."""
        node = Target(
            name="contabo-eu-1",
            region="eu",
            address=ADDRESSES[0],
            host_key=self.host_key,
            port=self.port,
            user=getpass.getuser(),
        )
        return replace(node, **changes)


def make_key(path: Path) -> str:
    """An ed25519 key pair at `path`; its public key without a comment."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path.with_name(path.name + ".pub").read_text().strip()


@contextmanager
def sshd(folder: Path, *lines: str) -> Iterator[Sshd]:
    """An sshd with configuration and keys of its own in `folder`, ended by its own process."""
    folder.mkdir()
    host_key, login_key = make_key(folder / "host"), make_key(folder / "login")
    (folder / "authorized_keys").write_text(login_key + "\n")
    with closing(socket.socket()) as free:
        free.bind((ADDRESSES[0], 0))
        port = free.getsockname()[1]
    listening = [f"ListenAddress {address}:{port}" for address in ADDRESSES]
    config = [
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        f"PidFile {folder / 'pid'}",
        "StrictModes no",
        "PermitRootLogin yes",
        "UsePAM no",
        *lines,
        *listening,
    ]
    (folder / "config").write_text("\n".join(config) + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it for its separated half
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=log) as process,
    ):
        try:
            for _ in range(100):
                if "Server listening" in (folder / "log").read_text():
                    break
                time.sleep(0.05)
            yield Sshd(port, host_key, folder / "login")
        finally:
            process.terminate()


KEYS_ONLY = ("PasswordAuthentication no", "KbdInteractiveAuthentication no")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd") / "keys-only", *KEYS_ONLY) as running:
        yield running


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with closing(socket.socket()) as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def named(found: list[Check], name: str) -> Check:
    (check,) = [item for item in found if item.name == name]
    return check


@needs_sshd
@as_root
def test_a_host_with_the_pinned_key_is_examined(server: Sshd) -> None:
    found = checks([server.target()], identity=server.identity)
    assert named(found, "SSH port").seen.startswith("SSH-2.0-OpenSSH")
    assert named(found, "host key").status == "ok"
    assert named(found, "login").seen.endswith("from 127.0.0.1")
    assert named(found, "clock").status == "ok"
    assert re.fullmatch(r"[+-]0\.0\d s \(known to 0\.\d\d s\)", named(found, "clock").seen)
    assert re.search(r"of \d+ writes", named(found, "disk latency").seen)
    memory = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert named(found, "memory").seen == f"{memory / GIB:.1f} GiB"


@needs_sshd
@as_root
def test_an_examination_leaves_nothing_behind(server: Sshd) -> None:
    checks([server.target()], identity=server.identity)
    assert not list(Path("/var/lib").glob("openova-doctor.*"))


@needs_sshd
def test_another_host_key_than_the_pinned_one_ends_the_examination(server: Sshd, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    found = checks([server.target(host_key=other)], identity=server.identity)
    assert [(check.name, check.status) for check in found] == [("SSH port", "ok"), ("host key", "fail")]
    for key in (server.host_key, other):
        assert fingerprint(key.split()[1]) in found[-1].seen


@needs_sshd
@as_root
def test_the_login_itself_trusts_the_pinned_key_only(server: Sshd, tmp_path: Path) -> None:
    # The same host under the wrong pin: even past the comparison above, ssh sends nothing.
    target = server.target(host_key=make_key(tmp_path / "other"))
    with pinned([target], server.identity) as ssh:
        heard = ssh.run(target, "examine.sh", seconds=20)
    assert heard.code == 255
    assert "Host key verification failed" in heard.error


def test_a_fingerprint_is_the_one_that_ssh_keygen_shows(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen: apt-get install openssh-client")
    key = make_key(tmp_path / "key")
    shown = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True)
    assert fingerprint(key.split()[1]) in shown.stdout.split()


@needs_sshd
@as_root
def test_nothing_that_a_host_says_is_lost_or_fills_up(
    server: Sshd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = "for ((i = 0; i < 20000; i++)); do echo line $i; echo trouble $i >&2; done"
    (tmp_path / "talk.sh").write_text(f"printf 'ready\\n'\nread -r _\nprintf 'clock %s\\n' $(date +%s.%N)\n{lines}\n")
    monkeypatch.setattr("operations.doctor.ssh.SCRIPTS", tmp_path)
    with pinned([server.target()], server.identity) as ssh:
        heard = ssh.run(server.target(), "talk.sh", seconds=20)
    assert heard.output.splitlines() == [f"line {number}" for number in range(20000)]
    assert heard.error.splitlines()[-1] == "trouble 19999"


def test_a_closed_port_is_told() -> None:
    with silent() as port:
        pass
    (check,) = checks([Target(name="n-1", region="eu", address=LOOPBACK, host_key="k", port=port)])
    assert check.status == "fail" and "refuses" in check.seen


def test_a_port_that_hangs_is_told_in_time() -> None:
    with silent() as port:
        nodes = [Target(name=f"n-{n}", region="eu", address=LOOPBACK, host_key="k", port=port) for n in range(8)]
        begun = time.monotonic()
        found = checks(nodes)
    assert {(check.status, check.name) for check in found} == {("fail", "SSH port")}
    assert all("says nothing within 5 s" in check.seen for check in found)
    assert time.monotonic() - begun < 12, "nodes are examined at the same time"


@needs_sshd
@as_root
def test_a_script_that_hangs_is_ended(server: Sshd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "hang.sh").write_text("printf 'ready\\n'\nread -r _\nsleep 60\n")
    monkeypatch.setattr("operations.doctor.ssh.SCRIPTS", tmp_path)
    target = server.target()
    with pinned([target], server.identity) as ssh:
        heard = ssh.run(target, "hang.sh", seconds=1)
    assert heard.code == 124


@needs_sshd
def test_a_key_that_the_host_does_not_know_is_told(server: Sshd, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    login = named(checks([server.target()], identity=tmp_path / "stranger"), "login")
    assert login.status == "fail" and "Permission denied" in login.seen


@needs_sshd
def test_a_host_that_takes_keys_only_passes(server: Sshd) -> None:
    with pinned([server.target()]) as ssh:
        check = password_login(server.target(), ssh)
    assert (check.status, check.seen) == ("ok", "sshd takes publickey")


@needs_sshd
@pytest.mark.parametrize("method", ["PasswordAuthentication", "KbdInteractiveAuthentication"])
def test_a_host_that_takes_passwords_fails(method: str, tmp_path: Path) -> None:
    more = [f"{line.split()[0]} {'yes' if line.startswith(method) else 'no'}" for line in KEYS_ONLY]
    pam = ["UsePAM yes"] if method == "KbdInteractiveAuthentication" else []
    with sshd(tmp_path / "sshd", *pam, *more) as running, pinned([running.target()]) as ssh:
        check = password_login(running.target(), ssh)
    assert check.status == "fail", check.seen
    assert "sshd takes" in check.seen


@needs_sshd
def test_a_database_port_that_stands_open_fails(server: Sshd) -> None:
    with closing(socket.socket()) as database:
        database.bind((ADDRESSES[0], 30432))
        database.listen()
        opened = ports(server.target(), ADDRESSES[0])
    assert opened.status == "fail"
    assert "30432 PostgreSQL (!)" in opened.seen
    assert f"{server.port} SSH" in opened.seen and f"{server.port} SSH (!)" not in opened.seen
    assert "30432" not in ports(server.target(), ADDRESSES[0]).seen


@pytest.mark.parametrize(("client", "expected"), [("198.51.100.9", True), ("203.0.113.9", False), ("", True)])
def test_web_ports_may_answer_those_whom_the_firewall_lets_in(client: str, expected: bool) -> None:
    node = Target(name="n-1", region="eu", address="127.0.5.9", host_key="k", http_cidrs=("198.51.100.0/24",))
    assert ("443 HTTPS" in ports(node, client).rule) is expected


@needs_sshd
@as_root
def test_the_mesh_is_measured_from_node_to_node(server: Sshd) -> None:
    if shutil.which("ping") is None:
        pytest.skip("needs ping: apt-get install iputils-ping")
    near = server.target(peers=(("n-2", "127.0.6.2"), ("n-3", "127.0.6.3")))
    # No packet is larger than 65535 bytes: a ping of this size never leaves, a small one does.
    large = replace(near, mtu=65600)
    silent_one = replace(near, peers=(*near.peers, ("n-4", "255.255.255.255")))
    with pinned([near], server.identity) as ssh:
        assert (mtu(near, ssh).status, mtu(near, ssh).seen) == ("ok", "2 of 2 nodes reached")
        broken, lost = mtu(large, ssh), mtu(silent_one, ssh)
    assert (broken.status, broken.seen) == ("fail", "0 of 2 nodes reached; only small packets to n-2, n-3")
    assert "mesh.mtu" in broken.fix
    assert (lost.status, lost.seen) == ("fail", "2 of 3 nodes reached; nothing from n-4")


@needs_sshd
@as_root
def test_the_command_examines_every_node_of_the_settings_and_fails_with_1(server: Sshd, tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    numbered = iter(ADDRESSES)
    for code in ("eu", "in"):
        for number in (1, 2, 3):
            node = f"config.openova:nodes.contabo-{code}-{number}"
            edit(root / f"Pulumi.{code}.yaml", f"{node}.address", next(numbered))
            edit(root / f"Pulumi.{code}.yaml", f"{node}.sshPort", server.port)
            edit(root / f"Pulumi.{code}.yaml", f"{node}.hostKey", server.host_key)
    edit(root / "Pulumi.in.yaml", "config.openova:nodes.contabo-in-2.hostKey", make_key(tmp_path / "other"))
    options = ["--root", str(root), "--identity", str(server.identity), "--json"]
    done = CliRunner().invoke(app, ["doctor", *options])
    assert done.exit_code == 1, done.output
    report = json.loads(done.stdout)
    keys = {item["where"]: item["status"] for item in report["checks"] if item["name"] == "host key"}
    assert len(keys) == 6
    assert [node for node, status in keys.items() if status == "fail"] == ["contabo-in-2"]
    assert "here" in {item["where"] for item in report["checks"]}
    only_eu = json.loads(CliRunner().invoke(app, ["doctor", *options, "--stack", "eu"]).stdout)
    assert {item["where"] for item in only_eu["checks"]} == {"here", *(f"contabo-eu-{n}" for n in (1, 2, 3))}


def test_a_node_without_an_address_is_unknown_and_not_dialled() -> None:
    (check,) = checks([Target(name="n-1", region="eu", address=None, host_key=None)])
    assert (check.status, check.seen) == ("unknown", "no address and no host key in the settings")


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.11", "203.0.113.11", "2001:db8::1"])
def test_a_documentation_address_is_told_and_never_dialled(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def dialled(*_: object, **__: object) -> None:
        raise AssertionError("something was sent")

    monkeypatch.setattr("socket.create_connection", dialled)
    monkeypatch.setattr("subprocess.run", dialled)
    (check,) = checks([Target(name="n-1", region="eu", address=address, host_key="k")], after=True)
    assert (check.status, check.seen) == ("fail", f"{address} is a documentation address")
    assert "Pulumi.eu.yaml" in check.fix


def test_the_targets_are_the_nodes_of_the_settings_with_what_they_need(tmp_path: Path) -> None:
    found = targets(inspect_project(read_project(copy_project(tmp_path / "project"))).project())
    assert [target.name for target in found] == [f"contabo-{code}-{n}" for code in ("eu", "in") for n in (1, 2, 3)]
    assert found[0].disk == 120 * GIB
    assert found[0].memory == 1606 * 1024**2 + 4 * GIB
    assert dict(found[0].peers)["contabo-in-1"] == "10.99.2.1" and len(found[0].peers) == 5


TARGET = Target(name="n-1", region="eu", address="192.0.2.1", host_key="k", memory=6 * GIB, disk=120 * GIB)
FACTS = Facts(
    os="debian",
    version="12",
    machine="x86_64",
    systemd=True,
    memory=8 * GIB,
    disk=150 * GIB,
    location="",
    client="",
    interfaces=frozenset({"lo", "eth0"}),
    listeners=(Listener("tcp", 22, "sshd"),),
    fsync=(0.001,) * 300,
    offset=0.1,
    uncertainty=0.05,
)


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("system", {}, "ok"),
        ("system", {"version": "11"}, "fail"),
        ("system", {"os": "ubuntu", "version": "24.04"}, "ok"),
        ("system", {"os": "ubuntu", "version": "23.10"}, "fail"),
        ("system", {"os": "fedora", "version": "42"}, "fail"),
        ("system", {"machine": "aarch64"}, "fail"),
        ("system", {"systemd": False}, "fail"),
        ("memory", {}, "ok"),
        ("memory", {"memory": 4 * GIB}, "warn"),
        ("memory", {"memory": 1 * GIB}, "fail"),
        ("disk", {}, "ok"),
        ("disk", {"disk": 70 * GIB}, "warn"),
        ("disk", {"disk": 10 * GIB}, "fail"),
        ("disk latency", {}, "ok"),
        ("disk latency", {"fsync": (0.001,) * 296 + (0.02,) * 4}, "warn"),
        ("disk latency", {"fsync": (0.001,) * 298 + (0.02,) * 2}, "ok"),
        ("disk latency", {"fsync": (0.03,) * 300}, "fail"),
        ("disk latency", {"fsync": (0.001,) * 10}, "warn"),
        ("disk latency", {"fsync": ()}, "unknown"),
        ("clock", {}, "ok"),
        ("clock", {"offset": -3.0}, "warn"),
        ("clock", {"offset": 1.2, "uncertainty": 0.5}, "ok"),
        ("clock", {"offset": None}, "unknown"),
        ("ports", {}, "ok"),
        ("ports", {"listeners": (Listener("tcp", 443, "nginx"),)}, "fail"),
        ("ports", {"listeners": (Listener("tcp", 6443, "k3s-server"), Listener("tcp", 2379, "k3s-server"))}, "ok"),
        ("ports", {"listeners": (Listener("udp", 51871, ""),)}, "fail"),
        ("ports", {"listeners": (Listener("udp", 51871, ""),), "interfaces": frozenset({"openova0"})}, "ok"),
        ("ports", {"listeners": (Listener("tcp", 30432, "postgres"),)}, "fail"),
        ("ports", {"listeners": None}, "unknown"),
    ],
)
def test_a_host_is_judged_by_its_facts(name: str, change: dict[str, Any], status: str) -> None:
    check = named(list(judge(TARGET, replace(FACTS, **change))), name)
    assert check.status == status, check.seen
    assert check.rule and (status in ("ok", "unknown") or (check.consequence and check.fix))


def test_an_agent_may_have_a_slow_disk_and_a_program_on_the_port_of_etcd() -> None:
    slow = replace(FACTS, fsync=(0.03,) * 300, listeners=(Listener("tcp", 2379, "etcd-of-mine"),))
    found = list(judge(replace(TARGET, server=False), slow))
    assert (named(found, "disk latency").status, named(found, "ports").status) == ("warn", "ok")


def test_a_location_is_told_where_the_host_knows_one() -> None:
    assert "location" not in {check.name for check in judge(TARGET, FACTS)}
    told = replace(FACTS, location="EU-2")
    assert named(list(judge(replace(TARGET, location="EU"), told)), "location").status == "ok"
    assert named(list(judge(replace(TARGET, location="IND"), told)), "location").status == "unknown"


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.99), percentile(values, 0.5), percentile([7.0], 0.99)) == (99.0, 50.0, 7.0)


def test_facts_of_a_run_that_broke_off_are_not_believed() -> None:
    with pytest.raises(ValueError, match="Connection reset"):
        read(Heard(255, "os debian 12\nmemory 1\n", "x\nConnection reset by peer\n"))


def test_this_machine_is_examined_without_changing_it() -> None:
    found = {check.name: check for check in local_checks()}
    assert found["Python"].status == "ok"
    assert ("plugin command" in found) == (shutil.which("pulumi") is not None)
    assert numbers("v3.259.0-dev") == (3, 259, 0) and numbers("dev") is None


def test_one_trouble_of_several_nodes_is_told_once() -> None:
    alike = [Check(f"n-{n}", "clock", "warn", f"+{n}.00 s", "the rule", "the consequence", "the fix") for n in (2, 3)]
    console = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    show(Report((Check("n-1", "clock", "ok", "+0.00 s", "the rule"), *alike)), console)
    text = console.export_text()
    assert text.count("the fix") == 1
    assert "n-2: +2.00 s" in text and "n-3: +3.00 s" in text
    assert "1 ok, 0 unknown, 2 warn, 0 fail" in text
