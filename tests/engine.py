"""The real Pulumi engine in tests: what it needs, and projects with a state file of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.planning import ROOT
from tests.projects import copy_project, edit

PLUGINS = {
    "shared": ("cloudflare", "random", "tls"),
    "eu": ("command", "kubernetes", "tls"),
    "in": ("command", "kubernetes", "tls"),
    "global": ("cloudflare",),
}
TOKEN = "0123456789abcdefghij0123456789abcdefghij"
"""Forty characters, the form that the Cloudflare provider asks for; nobody's."""


def missing(plugins: tuple[str, ...]) -> list[str]:
    """What of the CLI and these plugins is not here."""
    commands = [name for name in ("pulumi", "pulumi-language-python") if shutil.which(name) is None]
    return commands + [name for name in plugins if not _has_plugin(name)]


def _has_plugin(name: str) -> bool:
    cached = _plugin_cache() / f"resource-{name}-v{version(f'pulumi-{name}')}"
    return shutil.which(f"pulumi-resource-{name}") is not None or cached.is_dir()


def _plugin_cache() -> Path:
    return Path(os.environ.get("PULUMI_HOME", Path.home() / ".pulumi")) / "plugins"


def need(*plugins: str) -> None:
    """Skip where something is missing, and say what."""
    absent = missing(plugins)
    if absent:
        pytest.skip(f"the real engine needs {', '.join(absent)} on PATH")


def resource_names(exported: str) -> set[str]:
    """The names of what an exported stack holds, without itself and its providers."""
    found = json.loads(exported)["deployment"].get("resources") or []
    return {item["urn"].rpartition("::")[2] for item in found if not item["type"].startswith("pulumi:")}


@dataclass(frozen=True)
class Engine:
    """A project of its own with initialised stacks."""

    root: Path
    environment: dict[str, str]

    def pulumi(self, *arguments: str, check: bool = True, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the CLI. Raises AssertionError with its output where it fails, unless `check` is false."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.root,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def preview(self, stack: str) -> dict[str, Any]:
        """The engine's preview of a stack."""
        done = self.pulumi("preview", "--stack", stack, "--json", "--suppress-progress")
        preview: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
        return preview


def engine_in(folder: Path) -> Engine:
    """Lay the project out in `folder`, with links to the program, and initialise every stack."""
    root = copy_project(folder / "project")
    for name in ("__main__.py", "settings", "regions", "components"):
        (root / name).symlink_to(ROOT / name)
    edit(root / "Pulumi.yaml", "runtime.options.virtualenv", str(ROOT / ".venv"))
    home, state = folder / "home", folder / "state"
    for made in (home, state):
        made.mkdir()
    if _plugin_cache().is_dir():
        (home / "plugins").symlink_to(_plugin_cache())
    environment = {
        **os.environ,
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase of this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    engine = Engine(root, environment)
    for stack in PLUGINS:
        engine.pulumi("stack", "init", stack)
    secrets = {
        "shared": {
            "openova:r2AccessKeyId": "an-id",
            "openova:r2SecretAccessKey": "a-key",
            "cloudflare:apiToken": TOKEN,
        },
        "global": {"cloudflare:apiToken": TOKEN},
    }
    for stack, values in secrets.items():
        for key, value in values.items():
            engine.pulumi("config", "set", "--stack", stack, "--secret", key, text=value)
    return engine
