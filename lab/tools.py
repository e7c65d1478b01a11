"""The programs of the lab, built once from the Go module proxy into a cache outside the repository."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from settings.versions import (
    BARMAN_PLUGIN_IMAGE,
    CNPG_IMAGE,
    K3S,
    MONGODB_COMMUNITY_DEFINITIONS,
    PROMETHEUS_DEFINITIONS,
    PSMDB_OPERATOR_IMAGE,
)

BUILD: Final = "python -m lab build"
KUBERNETES: Final = K3S.partition("+")[0]
"""The Kubernetes release inside the pinned K3s."""

PROGRAMS: Final = ("kube-apiserver", "kubectl", "manager")
PACKAGES: Final = {"go": "golang", "etcd": "etcd-server"}
"""What has to be on PATH, with the Debian packages that bring it."""

_MODULES: Final = Path(__file__).parent / "tools"
CNPG: Final = ("github.com/cloudnative-pg/cloudnative-pg", f"v{CNPG_IMAGE.tag}")
BARMAN: Final = ("github.com/cloudnative-pg/plugin-barman-cloud", BARMAN_PLUGIN_IMAGE.tag)
PERCONA: Final = ("github.com/percona/percona-server-mongodb-operator", f"v{PSMDB_OPERATOR_IMAGE.tag}")
"""Modules and their versions: those that the program deploys."""

PROMETHEUS: Final = ("github.com/prometheus-operator/prometheus-operator", PROMETHEUS_DEFINITIONS)
COMMUNITY: Final = ("github.com/mongodb/mongodb-kubernetes-operator", MONGODB_COMMUNITY_DEFINITIONS)

_CRDS: Final = "config/crd/bases/*.yaml"
DEFINITIONS: Final = {
    "barman-cloud": (BARMAN, _CRDS),
    "mongodb-community": (COMMUNITY, _CRDS),
    "percona": (PERCONA, "deploy/crd.yaml"),
    "pod-monitors": (PROMETHEUS, "example/prometheus-operator-crd/*_podmonitors.yaml"),
    "prometheus-rules": (PROMETHEUS, "example/prometheus-operator-crd/*_prometheusrules.yaml"),
}
"""Custom resources besides CloudNativePG's: their module, and where its definitions lie."""


def cache() -> Path:
    """Where programs of exactly these versions lie, whether they are there or not."""
    pinned = hashlib.sha256()
    for file in sorted(_MODULES.glob("*/go.*")):
        pinned.update(file.read_bytes())
    pinned.update(repr(DEFINITIONS).encode())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "openova" / "lab" / pinned.hexdigest()[:12]


def program(name: str) -> Path:
    """One of PROGRAMS."""
    return cache() / name


def missing() -> str:
    """What stands between this machine and the API server, in one line; empty if nothing does."""
    if shutil.which("etcd") is None:
        return f"needs etcd (apt-get install {PACKAGES['etcd']})"
    if not _built():
        return f"needs {', '.join(PROGRAMS)} in {cache()} ({BUILD}, with Go)"
    return ""


def build() -> None:
    """Builds what is not there: minutes, once for each set of versions.

    Raises RuntimeError without Go, CalledProcessError where a module cannot be had or built; the folder appears
    only when all is done.
    """
    if _built():
        print(f"{cache()} is there already; remove it to build it again")
        return
    if shutil.which("go") is None:
        raise RuntimeError(f"Go builds the programs of the lab, and is not here: apt-get install {PACKAGES['go']}")
    part = cache().with_name(f"{cache().name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    print(f"Kubernetes {KUBERNETES}: {', '.join(PROGRAMS[:2])}", flush=True)
    _compile("kubernetes", part, _kubernetes_version())
    print(f"CloudNativePG {CNPG[1]}: {PROGRAMS[2]}", flush=True)
    _compile("cloudnative-pg", part, "")
    definitions = part / "definitions"
    definitions.mkdir()
    for name, text in _definitions().items():
        (definitions / name).write_text(text)
    part.rename(cache())
    print(f"{cache()} is ready")


def _built() -> bool:
    return all(program(name).exists() for name in PROGRAMS)


def _kubernetes_version() -> str:
    """A binary that was built without these calls itself v0.0.0, which clients cannot read."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor}
    return " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in values.items())


def _definitions() -> dict[str, str]:
    """Definitions of custom resources, and the operator's own manifest, from the modules of the operators."""
    manifest = _source(*CNPG) / "releases" / f"cnpg-{CNPG[1].removeprefix('v')}.yaml"
    files = {"cloudnative-pg": [manifest]}
    files |= {name: sorted(_source(*module).glob(pattern)) for name, (module, pattern) in DEFINITIONS.items()}
    return {f"{name}.yaml": "---\n".join(file.read_text() for file in found) for name, found in files.items()}


def _source(module: str, version: str) -> Path:
    """The module's folder, checked against the public sums of Go modules."""
    found = json.loads(_go(["mod", "download", "-json", f"{module}@{version}"], Path("/")))
    return Path(found["Dir"])


def _compile(module: str, into: Path, flags: str) -> None:
    """Builds the tools that a module of ours pins, with the sums that it holds."""
    _go(["build", "-trimpath", "-ldflags", f"-s -w {flags}".strip(), "-o", f"{into}/", "tool"], _MODULES / module)


def _go(arguments: list[str], folder: Path) -> str:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""}
    return subprocess.run(
        ["go", *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
