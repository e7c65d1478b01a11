"""Every script on a fresh host: twice in full, and killed anywhere on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.k3s import server_config
from components.k3s.config import ClusterConfig, Snapshots, render
from components.network import render as mesh_configuration
from lab.host import COMPONENTS, Done, Host
from lab.world import EUROPE
from tests.components.debian import changed
from tests.hosts.lab import Lab, mesh_key
from tests.hosts.program import INTERFACE, PORT
from tests.hosts.test_doors import rules

pytestmark = pytest.mark.hosts

TOKENS = "server-token\nagent-token\n"

CUT = """
__n=0
trap '((++__n == {point})) && kill -KILL $$; echo $__n >/run/commands' DEBUG
set -o functrace
"""
"""Before a script: kills it, without a word, at its n-th command; functions and subshells count."""

STATE = r"""
files() { find /etc /opt/openova /usr/local/bin -type f ! -path '*/previous/*' ! -name '*.lock' "$@"; }
files -printf '%p %m\n'
files ! -path '*/k3s/token' ! -name k3s.yaml ! -name '*-' -exec sha256sum {} +
nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'
wg show all dump
ip -br address show dev openova0 | cut -d/ -f1
cat /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward
for unit in openova-firewall wg-quick@openova0 k3s; do systemctl is-enabled $unit; systemctl is-active $unit; done
systemctl list-timers --all | grep openova
"""
"""What the scripts make of a host, as text. Of what a new cluster makes anew, only the mode."""


@dataclass(frozen=True)
class Run:
    """One script with what it is given."""

    script: str
    variables: dict[str, str]
    stdin: str = ""


@dataclass(frozen=True)
class Story:
    """Scripts that belong together, and the shell that makes a host forget them. `points` is how often to cut."""

    runs: tuple[Run, ...]
    forget: str
    points: int


def base(host: Host, lab: Lab) -> Story:
    forget = """rm -f /etc/ssh/sshd_config.d/00-openova.conf /etc/apt/apt.conf.d/90openova-updates \
      /etc/modules-load.d/openova.conf /etc/sysctl.d/zz-openova.conf /var/lib/standin-sysctl
    printf '127.0.0.1 localhost\\n127.0.1.1 fresh\\n' >/etc/hosts
    hostnamectl set-hostname fresh; systemctl reload ssh"""
    return Story((Run("node/scripts/base.sh", {"NODE_NAME": host.name}),), forget, 8)


def firewall(host: Host, lab: Lab) -> Story:
    forget = """systemctl stop openova-firewall-undo.timer; systemctl disable --now openova-firewall
    nft delete table inet edge; rm -rf /etc/openova /run/openova /etc/systemd/system/openova-firewall.service
    systemctl daemon-reload"""
    steps = [{"STEP": step, "REVERT_SECONDS": "300"} for step in ("apply", "confirm")]
    return Story(tuple(Run("node/scripts/firewall.sh", step, rules()) for step in steps), forget, 8)


def mesh(host: Host, lab: Lab) -> Story:
    forget = """systemctl disable --now wg-quick@openova0; ip link delete openova0
    rm -rf /etc/wireguard /etc/systemd/system/wg-quick@openova0.service.d; systemctl daemon-reload"""
    text = mesh_configuration(KEY, host.mesh_address, [], port=PORT, mtu=1380, revision=1)
    return Story((Run("network/scripts/mesh.sh", {"MESH_INTERFACE": INTERFACE}, text),), forget, 6)


def k3s(host: Host, lab: Lab) -> Story:
    forget = """systemctl disable --now k3s; rm -rf /etc/rancher /var/lib/rancher /opt/openova /usr/local/bin/k3s \
      /usr/local/bin/k3s.new /etc/systemd/system/k3s.service; systemctl daemon-reload"""
    config = ClusterConfig(
        region_label="europe",
        zone=None,
        pod_cidr="10.42.0.0/16",
        service_cidr="10.43.0.0/16",
        flannel_backend="wireguard-native",
        nodeport_cidrs=("10.99.1.0/24",),
        api_names=(host.address,),
        disable=(),
        snapshots=Snapshots(),
    )
    release = {"RELEASE": lab.release.tag, "MIRROR": lab.mirror, "REVISION": "1"}
    sums = {name.upper(): value for name, value in vars(lab.release).items() if name != "tag"}
    about = {"ROLE": "server", "NODE_NAME": host.name, "CONFIG": render(server_config(config, host.name, host.address))}
    join = {"JOIN_URLS": "", "CA_HASH": "", "START_SECONDS": "30", "OTHERS_SECONDS": "5"}
    runs = (
        Run("k3s/scripts/fetch.sh", {**release, **sums}),
        Run("k3s/scripts/k3s.sh", {**release, **about, **join}, TOKENS),
    )
    return Story(runs, forget, 4)


KEY = mesh_key()
STORIES = (base, firewall, mesh, k3s)


def state(host: Host) -> set[str]:
    lines = host.console(STATE).stdout.splitlines()
    assert len(lines) > 100
    return set(lines)


def in_full(host: Host, story: Story) -> list[str]:
    return [line for run in story.runs for line in changed(host.run(run.script, run.variables, run.stdin))]


def cut(host: Host, run: Run, point: int, folder: Path) -> Done:
    script = folder / Path(run.script).name
    script.write_text(CUT.format(point=point) + (COMPONENTS / run.script).read_text())
    return host.run_file(script, run.variables, run.stdin)


def test_every_script_run_twice_changes_nothing_the_second_time(fresh: Host, lab: Lab) -> None:
    stories = [story(fresh, lab) for story in STORIES]

    first = [in_full(fresh, story) for story in stories]
    before = state(fresh)

    assert all(first)
    assert [in_full(fresh, story) for story in stories] == [[]] * len(stories)
    assert state(fresh) ^ before == set()


@pytest.fixture(scope="module")
def told(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[None]]]:
    """All stories at once, each on a host of its own: most of their time they wait."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(len(STORIES)))
        hosts = [stack.enter_context(lab.another(EUROPE, 4 + index)) for index in range(len(STORIES))]
        yield {
            tell.__name__: pool.submit(killed_anywhere, tell(host, lab), host, tmp_path_factory.mktemp("cut"))
            for tell, host in zip(STORIES, hosts, strict=True)
        }


def killed_anywhere(story: Story, host: Host, folder: Path) -> None:
    lengths = []
    for run in story.runs:
        assert cut(host, run, 0, folder).returncode == 0
        lengths.append(int(host.told("cat /run/commands")))
    wanted = state(host)

    for number in range(story.points):
        point = (sum(lengths) * (2 * number + 1)) // (2 * story.points)
        host.console(story.forget)
        for run, length in zip(story.runs, lengths, strict=True):
            done = cut(host, run, max(0, point), folder)
            if point <= length:
                break
            point -= length
        where = f"{run.script} was killed at command {point} of {length}"
        assert done.returncode in (137, 255), f"{where}, but ended by itself: {done.stdout}{done.stderr}"
        in_full(host, story)
        assert state(host) ^ wanted == set(), where
        assert in_full(host, story) == [], where


@pytest.mark.parametrize("name", [story.__name__ for story in STORIES])
def test_a_script_that_is_killed_anywhere_is_repaired_by_its_next_run(
    told: Mapping[str, Future[None]], name: str
) -> None:
    told[name].result(timeout=300)
