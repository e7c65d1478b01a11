"""Whether this machine can bring the platform up: the CLI, its plugins, Python, SSH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from operations.findings.model import Check, Status
from settings.versions import PULUMI, PULUMI_AWS, PULUMI_PLUGINS

WHERE: Final = "here"
OLDEST_PYTHON: Final = (3, 11)
INSTALL: Final = "https://www.pulumi.com/docs/install/"


def local_checks() -> Iterator[Check]:
    """All checks of this machine."""
    yield _python()
    yield _uv()
    yield _ssh()
    plugins = wanted_plugins()
    yield _sdks(plugins)
    yield _pulumi()
    if shutil.which("pulumi") is not None:
        yield from (_plugin(name, wanted) for name, wanted in plugins.items())


def _python() -> Check:
    return Check(
        WHERE,
        "Python",
        "ok" if sys.version_info >= OLDEST_PYTHON else "fail",
        ".".join(map(str, sys.version_info[:3])),
        "Python is 3.11 or newer.",
        "The program does not start.",
        "Install a newer one (https://www.python.org/downloads/) and make the environment again: make clean, make plan "
        "PYTHON=python3.12",
    )


def _uv() -> Check:
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.prefix) / "bin"))
    return Check(
        WHERE,
        "uv",
        "ok" if found else "warn",
        found or "not found",
        "uv makes the environment from uv.lock.",
        "The versions of the lock file could not be installed again.",
        "make plan installs it into .venv; for all projects: https://docs.astral.sh/uv/getting-started/installation/",
    )


def _ssh() -> Check:
    absent = [name for name in ("ssh", "ssh-keyscan") if shutil.which(name) is None]
    return Check(
        WHERE,
        "OpenSSH client",
        "fail" if absent else "ok",
        f"{' and '.join(absent)} not found" if absent else "ssh and ssh-keyscan",
        "Nodes are examined with the system's OpenSSH client.",
        "No node can be examined.",
        "apt-get install openssh-client",
    )


def wanted_plugins() -> dict[str, str]:
    """The plugins and their versions; `aws` is one of them where its SDK is installed."""
    return {**PULUMI_PLUGINS, **({"aws": PULUMI_AWS} if _installed("aws") else {})}


def _sdks(plugins: Mapping[str, str]) -> Check:
    """Whether the SDKs in this environment are those that are pinned; settings/versions.py says them all."""
    pinned = {"pulumi": PULUMI, **{f"pulumi-{name}": wanted for name, wanted in plugins.items()}}
    others = [
        f"{name} {have or 'is missing'}, {wanted} is wanted"
        for name, wanted in pinned.items()
        if (have := _installed(name.removeprefix("pulumi-"))) != wanted
    ]
    return Check(
        WHERE,
        "Pulumi SDKs",
        "fail" if others else "ok",
        "; ".join(others) or f"pulumi {PULUMI} and {len(plugins)} providers",
        "The SDKs have the versions that settings/versions.py, pyproject.toml and uv.lock pin together.",
        "The program would be run with inputs and plugins that nobody tried with it.",
        "uv sync --locked --inexact (make plan does it; with Route 53: make aws)",
    )


def _installed(name: str) -> str | None:
    try:
        return version("pulumi" if name == "pulumi" else f"pulumi-{name}")
    except PackageNotFoundError:
        return None


def _pulumi() -> Check:
    wanted = PULUMI
    rule = f"The Pulumi CLI is {wanted} or newer, with its language host for Python."
    consequence = "The program's SDK speaks to an older engine than it was made for, or pulumi up does not start."
    fix = f"curl -fsSL https://get.pulumi.com | sh -s -- --version {wanted}   (or another way: {INSTALL})"
    said = _output("pulumi", "version")
    if said is None:
        return Check(WHERE, "Pulumi CLI", "fail", "not found, or it does not run", rule, consequence, fix)
    if shutil.which("pulumi-language-python") is None:
        return Check(WHERE, "Pulumi CLI", "fail", f"{said}, without pulumi-language-python", rule, consequence, fix)
    have = numbers(said)
    if have is None:
        return Check(WHERE, "Pulumi CLI", "unknown", said, rule, consequence, fix)
    fits = have >= (numbers(wanted) or (0, 0, 0))
    return Check(WHERE, "Pulumi CLI", "ok" if fits else "fail", said, rule, consequence, fix)


def _plugin(name: str, wanted: str) -> Check:
    rule = f"The plugin {name} has the version of its SDK."
    consequence = "Inputs could mean something else than they were tested with."
    fix = f"pulumi plugin install resource {name} {wanted}"
    if (beside := shutil.which(f"pulumi-resource-{name}")) is not None:
        # The engine prefers what is on PATH to its own folder, whatever version was asked for.
        have = _output(beside, "--version")
        status: Status = "unknown" if have is None else "ok" if numbers(have) == numbers(wanted) else "warn"
        seen = f"{have or 'a version that it does not tell'} ({beside}); {wanted} is wanted"
        return Check(WHERE, f"plugin {name}", status, seen, rule, consequence, f"Take it off PATH; {fix}")
    folder = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"
    if (folder / f"resource-{name}-v{wanted}").is_dir():
        return Check(WHERE, f"plugin {name}", "ok", wanted, rule)
    others = sorted(path.name.rpartition("-v")[2] for path in folder.glob(f"resource-{name}-v*") if path.is_dir())
    seen = f"{', '.join(others) or 'none'}; {wanted} is fetched by the first preview"
    return Check(
        WHERE, f"plugin {name}", "warn", seen, rule, "Without access to get.pulumi.com nothing can be brought up.", fix
    )


def numbers(text: str) -> tuple[int, int, int] | None:
    """3.259.0 of `v3.259.0-dev`; None where there is no version."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=20,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
