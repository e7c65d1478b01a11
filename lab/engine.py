"""The same program brought up by Pulumi's own engine and `openova up`, with a state file of the lab's own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import yaml

from lab.overlay import release_documents
from lab.program import CHARTS
from lab.regions import Lab
from lab.tools import cache
from lab.world import REGIONS
from settings.naming import GLOBAL_STACK, SHARED_STACK
from settings.secrets import CLOUDFLARE_API_TOKEN, SSH_PRIVATE_KEY
from settings.versions import CNPG_CHART

COMMANDS: Final = ("pulumi", "pulumi-language-python")
PLUGINS: Final = ("command", "kubernetes", "random", "tls")
REGION_STACKS: Final = tuple(region.code for region in REGIONS)
STACKS: Final = (SHARED_STACK, *REGION_STACKS)
"""Those of which the lab has the servers. The state knows `global` too, as that of a user does."""

SECONDS: Final = 900

_ROOT: Final = Path(__file__).parents[1]
_MAIN: Final = "from lab.program import main\n\nmain()\n"
_TEMPLATE: Final = '{{ .Files.Get "manifest.yaml" }}\n'


def missing() -> str:
    """What of the engine is not on PATH, in one line; empty where all is."""
    wanted = (*COMMANDS, *(f"pulumi-resource-{name}" for name in PLUGINS))
    absent = [name for name in wanted if shutil.which(name) is None]
    return f"needs {', '.join(absent)} on PATH" if absent else ""


class Engine:
    """The engine on the lab's configuration, which runs in the network of the lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._passphrase = lab.folder / "passphrase"

    def prepare(self) -> None:
        """Lays out program, chart and state. Raises RuntimeError where something is not on PATH."""
        if absent := missing():
            raise RuntimeError(f"'--engine pulumi' {absent}.")
        (self._lab.project / "__main__.py").write_text(_MAIN)
        for folder in ("pulumi-home", "pulumi-state"):
            (self._lab.folder / folder).mkdir(exist_ok=True)
        if not self._passphrase.exists():
            self._passphrase.touch(0o600)
            self._passphrase.write_text(secrets.token_hex(16))
        write_chart(self._lab.folder / "charts")
        known = {each["name"] for each in json.loads(self.pulumi("stack", "ls", "--json").stdout)}
        for stack in (*STACKS, GLOBAL_STACK):
            if new := stack not in known:
                self.pulumi("stack", "init", stack)
            if stack in REGION_STACKS:
                login = (self._lab.folder / "login").read_text()
                self.pulumi("config", "set", "--secret", SSH_PRIVATE_KEY.key, "--stack", stack, stdin=login)
            elif stack == SHARED_STACK:
                for key, value in self._lab.store.secrets().items():
                    self.pulumi("config", "set", "--secret", key, "--stack", stack, stdin=value)
            elif new:
                # Every command wants it; only whoever brings `global` up has one that opens something.
                self.pulumi("config", "set", "--secret", CLOUDFLARE_API_TOKEN.key, "--stack", stack, stdin="of nobody")

    def up(self, say: Callable[[str], None], stacks: Sequence[str] = STACKS) -> None:
        """`openova up` of these stacks. Raises RuntimeError with what it says.

        Without the policies: they want images by digest, and the lab's own have none.
        """
        lines: list[str] = []
        with self.openova("up", "--no-policies", *(f"--stack={stack}" for stack in stacks)) as running:
            for line in running.stdout or ():
                lines.append(line)
                say(line.rstrip())
        if running.returncode:
            raise RuntimeError("".join(lines[-40:]))
        for stack in stacks:
            if stack in REGION_STACKS:
                said = self.pulumi("stack", "output", "kubeconfig", "--show-secrets", "--stack", stack)
                self._lab.cluster(stack, said.stdout)

    def openova(self, *arguments: str) -> subprocess.Popen[str]:
        """One of the operator's commands with this engine on its PATH, as it runs."""
        return self._process([sys.executable, "-m", "operations", *arguments, f"--root={self._lab.project}"])

    def pulumi(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Any other command of the CLI. Raises RuntimeError with what it says where it fails."""
        with self._process(["pulumi", *arguments, "--non-interactive", "--color=never"]) as running:
            out, _ = running.communicate(stdin, timeout=SECONDS)
        if running.returncode:
            raise RuntimeError(out)
        return subprocess.CompletedProcess(arguments, 0, out)

    def _environment(self) -> dict[str, str]:
        """What finds program, state and passphrase."""
        folder = self._lab.folder
        return {
            **os.environ,
            CHARTS: str(folder / "charts"),
            "PATH": f"{cache() / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(_ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PULUMI_HOME": str(folder / "pulumi-home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'pulumi-state'}",
            "PULUMI_CONFIG_PASSPHRASE": self._passphrase.read_text(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def _process(self, command: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._lab.running.within(command),
            cwd=self._lab.project,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def write_chart(folder: Path) -> None:
    """The operator's release manifest as a chart of the pinned name and version: no repository of charts is reached."""
    chart = folder / CNPG_CHART.name
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    about = {"apiVersion": "v2", "name": CNPG_CHART.name, "version": CNPG_CHART.version}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    (chart / "manifest.yaml").write_text(yaml.safe_dump_all(release_documents()))
    (chart / "templates" / "all.yaml").write_text(_TEMPLATE)
