"""One booted Debian with its own address, sshd and host key."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from components.node import command, standard_input
from lab.disk import Access, KeyPair, key_pair, prepare
from lab.world import FOLDER, OFFICE, Region, World, cgroup, leave_cgroups

COMPONENTS: Final = Path(__file__).parents[1] / "components"
BOOT_SECONDS: Final = 120
STEP_SECONDS: Final = 120
DIALS: Final = 6

Done = subprocess.CompletedProcess[str]


class Host:
    """A host of `region`, its `number` within it. It is prepared at once, and boots with `start` and `wait`.

    It logs in `login` (of `keys`, a folder of the test that holds its private half), trusts the certificate `trust`,
    has the address, user and MTU of the region, and like a cloud image still takes passwords. `binds` are options of
    systemd-nspawn that show it folders of this machine. With `found` it is one that another process prepared, up or
    not, as the files in `keys` tell.
    """

    def __init__(
        self,
        world: World,
        region: Region,
        number: int,
        keys: Path,
        login: KeyPair,
        trust: str = "",
        binds: Sequence[str] = (),
        found: bool = False,
    ) -> None:
        self.world, self.region, self.number, self.binds = world, region, number, binds
        self.name = f"{region.code}-{number}"
        self.address = region.address(number)
        self.mesh_address = region.mesh_address(number)
        self.keys = keys
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._pid_file = keys / f"{self.name}.pid"
        self._leader = int(self._pid_file.read_text()) if found and self._pid_file.exists() else 0
        known = keys / f"{self.name}.known"
        if found:
            self.host_key = KeyPair("", known.read_text().split(" ", 1)[1].strip())
            return
        self.host_key = key_pair()
        known.write_text(f"{self.address} {self.host_key.public}\n")
        prepare(world, region, self.name, self.address, Access(self.host_key, login, trust))

    @property
    def leader(self) -> int:
        """Its first process on this machine; 0 while it is not up."""
        return self._leader if self._leader and Path(f"/proc/{self._leader}/ns/net").exists() else 0

    # Power

    def start(self) -> None:
        """Switches the host on; `wait` says when it is up."""
        groups = " ".join(shlex.quote(f"{folder}/cgroup.procs") for folder in cgroup(self.world.tag, self.name))
        boot = f"for group in {groups}; do echo 0 > $group; done; exec systemd-nspawn "
        boot += f"--quiet --directory={FOLDER}/{self.name}/root --machine={self.name} --hostname=fresh "
        boot += f"--network-bridge=br-{self.region.code} --bind=/dev/net/tun --register=no --keep-unit "
        boot += "--resolv-conf=off --timezone=off --link-journal=no --console=pipe "
        boot += f"{shlex.join(self.binds)} --boot"
        null, log = subprocess.DEVNULL, self.keys / f"{self.name}.nspawn"
        with log.open("wb") as said:
            self._nspawn = subprocess.Popen(
                self.world.inside(["sh", "-c", boot]), stdin=null, stdout=null, stderr=said, start_new_session=True
            )

    def wait(self) -> None:
        """Until the host is up, its sshd included. Raises TimeoutError."""
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            self._leader = self._find_leader()
            if self._leader:
                state = self.console("systemctl is-system-running; systemctl is-active ssh").stdout.split()
                if state in (["running", "active"], ["degraded", "active"]):
                    self._pid_file.write_text(str(self._leader))
                    return
            time.sleep(0.3)
        raise TimeoutError(f"{self.name} did not boot in {BOOT_SECONDS} s")

    def power_off(self) -> None:
        """Shuts the host down; its disk stays, its network and memory do not."""
        self.console("systemctl poweroff --no-block")
        self._ended()

    def cut_power(self) -> None:
        """The same without a word to anybody in it. Raises RuntimeError where the host is not up."""
        if not self._leader:
            raise RuntimeError(f"{self.name} is not up")
        subprocess.run(["kill", "-KILL", str(self._leader)], check=True)
        self._ended()

    def discard(self) -> None:
        """Ends the host and forgets its disk. One that never came up ends with the world."""
        if not self._leader:
            return
        self.cut_power()
        self.world.run(["umount", f"{FOLDER}/{self.name}/root"])
        self.world.run(["rm", "-rf", f"{FOLDER}/{self.name}"])

    def _ended(self) -> None:
        if self._nspawn is not None:
            self._nspawn.wait(BOOT_SECONDS)
        deadline = time.monotonic() + BOOT_SECONDS
        while self.leader and time.monotonic() < deadline:
            time.sleep(0.1)
        self._leader = 0
        self._pid_file.unlink(missing_ok=True)
        leave_cgroups(self.world.tag, self.name)

    def _find_leader(self) -> int:
        """The host's first process: nsenter, nspawn, init."""
        assert self._nspawn is not None
        if self._nspawn.poll() is not None:
            raise RuntimeError(f"{self.name}: {(self.keys / f'{self.name}.nspawn').read_text()}")
        pid = self._nspawn.pid
        try:
            for _ in range(2):
                (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                pid = int(child)
            return pid if Path(f"/proc/{pid}/comm").read_text() == "systemd\n" else 0
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return 0

    # Ways in

    def console(self, text: str, stdin: str = "") -> Done:
        """A shell's line on the host's own console, past its network. Its exit code is not judged."""
        return subprocess.run(
            ["nsenter", f"--target={self._leader}", "--all", "sh", "-c", text],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=STEP_SECONDS,
        )

    def told(self, text: str) -> str:
        """What the line prints on the console, without the last newline. Raises AssertionError where it fails."""
        done = self.console(text)
        assert done.returncode == 0, f"{self.name}: {text}\n{done.stdout}{done.stderr}"
        return done.stdout.rstrip("\n")

    def put(self, path: str, text: str, mode: str = "644") -> None:
        """Writes a file, by the console."""
        quoted = shlex.quote(path)
        done = self.console(f"mkdir -p $(dirname {quoted}) && cat > {quoted} && chmod {mode} {quoted}", text)
        assert done.returncode == 0, done.stderr

    def ssh(self, text: str, stdin: str = "", *, source: str = OFFICE, known: str | None = None) -> Done:
        """A command over SSH with the login key, from the address `source`, with the host's key pinned."""
        return self.dial(["-i", str(self.keys / "login")], text, stdin, source=source, known=known)

    def dial(
        self,
        options: list[str],
        text: str,
        stdin: str = "",
        *,
        source: str = OFFICE,
        known: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """The same with other credentials, given as options of ssh."""
        asks = "no" if environment else "yes"
        for option in (
            *("StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "ConnectTimeout=4", f"BatchMode={asks}"),
            *(f"UserKnownHostsFile={known or self.keys / f'{self.name}.known'}", "GlobalKnownHostsFile=none"),
        ):
            options = [*options, "-o", option]
        command = ["ssh", "-F", "none", "-b", source, *options, f"{self.region.user}@{self.address}", text]
        for _ in range(DIALS):
            done = subprocess.run(
                self.world.within(command),
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                timeout=STEP_SECONDS,
                env=None if environment is None else dict(environment),
            )
            if not (done.returncode == 255 and "Connection refused" in done.stderr):
                break
            time.sleep(0.5)  # sshd listens again a moment after a reload
        return done

    def run(self, script: str, variables: Mapping[str, str], stdin: str = "") -> Done:
        """One of the components' scripts, by its path below `components`, over SSH."""
        return self.run_file(COMPONENTS / script, variables, stdin)

    def run_file(
        self, script: Path, variables: Mapping[str, str], stdin: str = "", seconds: int = STEP_SECONDS
    ) -> Done:
        """Any script, as Pulumi would run it, over SSH."""
        text = command(script, variables, seconds, user=self.region.user)
        return self.ssh(text, standard_input(script, stdin))
