"""A project of two regions without hosts, the real engine, and a local Cloudflare."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.cloudflare.account import EVERYTHING, Account, Contract, Token, new_id
from lab.cloudflare.server import Api, serving
from settings.tiers import PlanTier
from tests.engine import TOKEN, Engine, engine_in, need, resource_names
from tests.planning import ROOT
from tests.projects import edit, share
from tests.stacks.program import FOLDER

PROGRAM = "import pulumi\n\nfrom tests.stacks.program import compose\n\npulumi.run(compose)\n"
STACKS = ("shared", "eu", "in", "global")
REGIONS = ("eu", "in")
MESH = {"rule": "kept", "resource": "*-mesh", "because": "a command that prints what it was told holds nothing"}


@dataclass
class Told:
    """What `openova` printed: the exit code, the document of `--json`, and everything else."""

    code: int
    document: dict[str, Any]
    progress: str

    def of(self, stack: str) -> dict[str, Any]:
        """What became of a stack."""
        (found,) = (item for item in self.document["stacks"] if item["name"] == stack)
        return dict(found)

    @property
    def outcomes(self) -> dict[str, str]:
        """What became of every stack, in a word."""
        return {item["name"]: item["outcome"] for item in self.document["stacks"]}


@dataclass
class Platform:
    """The project, and the folder through which its regions are told what to do."""

    engine: Engine
    api: Api
    folder: Path

    @property
    def root(self) -> Path:
        """The folder of Pulumi.yaml."""
        return self.engine.root

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`openova` with these arguments, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "operations", *arguments],
            cwd=self.root,
            env=self.engine.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def openova(self, *arguments: str) -> Told:
        """`openova` with these arguments and --json, to its end."""
        return self.ended(self.start(*arguments, "--json"))

    @staticmethod
    def ended(process: subprocess.Popen[str]) -> Told:
        """What a process printed, once it is over."""
        try:
            out, error = process.communicate(timeout=540)
        except BaseException:
            process.send_signal(signal.SIGTERM)
            raise
        return Told(process.returncode, json.loads(out) if out.strip() else {}, error)

    def tell(self, name: str) -> Path:
        """Make a file that the regions' commands look at; unlink it to end that."""
        file = self.folder / name
        file.touch()
        return file

    def resources(self, stack: str) -> set[str]:
        """The names of what a stack holds, without itself and its providers."""
        return resource_names(self.engine.pulumi("stack", "export", "--stack", stack).stdout)

    def locks(self) -> list[Path]:
        """The locks on stacks that somebody holds."""
        return list((self.root.parent / "state" / ".pulumi" / "locks").rglob("*.json"))

    def mesh(self, code: str) -> Any:
        """The addresses of others that a region's mesh was last set up with."""
        state = json.loads(self.engine.pulumi("stack", "export", "--stack", code).stdout)
        (found,) = (item for item in state["deployment"]["resources"] if item["urn"].endswith(f"::{code}-mesh"))
        return json.loads(found["outputs"]["stdout"])


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Initialised stacks, none of them brought up."""
    need("cloudflare", "command", "random", "tls")
    with platform_in(tmp_path_factory.mktemp("stacks")) as made:
        yield made


@contextmanager
def platform_in(folder: Path) -> Iterator[Platform]:
    """A project in `folder`; its Cloudflare answers until the block ends."""
    folder.mkdir(exist_ok=True)
    engine = engine_in(folder)
    (engine.root / "__main__.py").unlink()
    (engine.root / "__main__.py").write_text(PROGRAM)
    share(engine.root, "backups.enabled", False)
    share(engine.root, "budget", 1000)
    for stack in STACKS:
        edit(engine.root / f"Pulumi.{stack}.yaml", "config.openova:protect", False)
    for code in REGIONS:
        edit(engine.root / f"Pulumi.{code}.yaml", "config.openova:acknowledged", [MESH])
    account = Account(Contract(plan=PlanTier.PRO))
    account.tokens[TOKEN] = Token(new_id(), EVERYTHING)
    api = Api(account)
    told = folder / "told"
    told.mkdir()
    with serving(api) as base:
        engine.environment.update({"CLOUDFLARE_BASE_URL": base, FOLDER: str(told), "PYTHONPATH": str(ROOT)})
        yield Platform(engine, api, told)
