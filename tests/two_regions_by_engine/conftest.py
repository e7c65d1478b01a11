"""Two regions that Pulumi's own engine brought up, and a local Cloudflare for their edge."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest

from lab import engine
from lab.engine import Engine
from lab.kubernetes import RefusedError
from lab.postgres import Database, until
from lab.project import clusters
from lab.regions import Lab, lab_of_its_own, missing
from lab.road import Traffic
from settings.naming import GLOBAL_STACK
from settings.secrets import CLOUDFLARE_API_TOKEN
from tests.engine import resource_names
from tests.planning import ROOT

EVERY = (*engine.STACKS, GLOBAL_STACK)


@dataclass(frozen=True)
class ByEngine:
    """A lab that only the engine has touched. `databases` are by the code of their regions."""

    lab: Lab
    engine: Engine
    databases: dict[str, Database]

    @property
    def writer(self) -> str:
        """The region that writes by its own word. Raises RuntimeError where for a minute it is not exactly one."""
        found: list[str] = []

        def one() -> bool:
            with suppress(RefusedError):  # CloudNativePG restarts what was promoted half a minute later
                found[:] = [code for code, database in self.databases.items() if database.writes()]
            return len(found) == 1

        until(one, "not exactly one region writes", seconds=60)
        return found[0]

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs, secrets included."""
        said = self.engine.pulumi("stack", "output", "--json", "--show-secrets", "--stack", stack).stdout
        found: dict[str, Any] = json.loads(said)
        return found

    def changes(self, stack: str, *options: str) -> dict[str, int]:
        """What a preview would do, by operation, without what stays the same and the references that it reads."""
        said = self.engine.pulumi("preview", "--json", "--suppress-progress", "--stack", stack, *options).stdout
        summary: dict[str, int] = json.loads(said[said.index("{") :])["changeSummary"]
        return {operation: count for operation, count in summary.items() if operation not in ("same", "read")}

    def resources(self, stack: str) -> set[str]:
        """The names of what a stack holds, without itself and its providers."""
        return resource_names(self.engine.pulumi("stack", "export", "--stack", stack).stdout)

    def openova(self, *arguments: str) -> tuple[int, str]:
        """The exit code of one of the operator's commands, and what it says."""
        with self.engine.openova(*arguments) as running:
            told, _ = running.communicate(timeout=engine.SECONDS)
        print(f"$ openova {' '.join(arguments)}\n{told}")
        return running.returncode, told


@pytest.fixture(scope="package")
def by_engine() -> Iterator[ByEngine]:
    """Both regions, brought up by `openova up`."""
    if absent := missing() or engine.missing():
        pytest.skip(absent)
    with lab_of_its_own("engine") as lab:
        lab.begin(ROOT, print, Traffic())
        running = Engine(lab)
        running.prepare()
        running.up(print)
        names = clusters(lab.project)
        databases = {code: Database(lab.cluster(code), names[code]) for code in engine.REGION_STACKS}
        for database in databases.values():
            database.wait_healthy(print)
        yield ByEngine(lab, running, databases)


@pytest.fixture(scope="package")
def edge(by_engine: ByEngine) -> Iterator[None]:
    """The edge of the platform, by the engine too, on a local Cloudflare in the lab's network."""
    if shutil.which("pulumi-resource-cloudflare") is None:
        pytest.skip("needs pulumi-resource-cloudflare on PATH")
    command = [sys.executable, "-m", "operations", "lab", "cloudflare", f"--root={by_engine.lab.project}", "--direct"]
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(by_engine.lab.running.within(command), cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving,
    ):
        try:
            told = dict(line.split()[:2] for line in islice(serving.stdout or (), 5) if len(line.split()) == 2)
            patch.setenv("CLOUDFLARE_BASE_URL", told["API"])
            patch.setenv("CLOUDFLARE_API_TOKEN", told["Token"])
            patch.setenv("OPENOVA_EDGE_URL", told["Edge"])
            secret = ("--secret", CLOUDFLARE_API_TOKEN.key)
            by_engine.engine.pulumi("config", "set", "--stack", GLOBAL_STACK, *secret, stdin=told["Token"])
            by_engine.engine.up(print, [GLOBAL_STACK])
            yield
        finally:
            serving.terminate()
