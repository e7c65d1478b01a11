"""The programs of the lab: which ones, in which versions, and where they lie once they are built."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from settings.versions import (
    BARMAN_PLUGIN_IMAGE,
    CNPG_IMAGE,
    K3S,
    MONGODB_COMMUNITY_DEFINITIONS,
    POSTGRES_DEFAULT,
    PROMETHEUS_DEFINITIONS,
    PSMDB_OPERATOR_IMAGE,
)

BUILD: Final = "python -m lab build"
KUBERNETES: Final = K3S.partition("+")[0]
"""The Kubernetes release inside the pinned K3s."""

CNPG: Final = ("github.com/cloudnative-pg/cloudnative-pg", f"v{CNPG_IMAGE.tag}")
BARMAN: Final = ("github.com/cloudnative-pg/plugin-barman-cloud", BARMAN_PLUGIN_IMAGE.tag)
PERCONA: Final = ("github.com/percona/percona-server-mongodb-operator", f"v{PSMDB_OPERATOR_IMAGE.tag}")
"""Modules and their versions: those that the program deploys."""

PROMETHEUS: Final = ("github.com/prometheus-operator/prometheus-operator", PROMETHEUS_DEFINITIONS)
COMMUNITY: Final = ("github.com/mongodb/mongodb-kubernetes-operator", MONGODB_COMMUNITY_DEFINITIONS)

PROGRAMS: Final = {
    "kubernetes": (
        *("kube-apiserver", "kubectl", "kubelet", "kube-proxy", "kube-controller-manager", "kube-scheduler"),
    ),
    "cloudnative-pg": ("manager",),
    "coredns": ("coredns",),
    "local-path": ("local-path-provisioner",),
    "pause": ("pause",),
    "percona": ("psmdb-manager",),
}
"""By the folder of `lab/tools` that pins what they are built from."""

ASKED: Final = ("kube-apiserver", "kubectl", "manager")
"""What the API server alone needs, without nodes."""

PACKAGES: Final = {"go": "golang", "etcd": "etcd-server"}
"""What has to be on PATH, with the Debian packages that bring it."""

POSTGRES_IMAGE: Final = f"openova.lab/postgresql:{POSTGRES_DEFAULT}-forky"
"""Debian's PostgreSQL of the major version that the program pins; the minor version is the one that Debian has."""

TOOLS_IMAGE: Final = "openova.lab/tools:lab"
"""A shell and PostgreSQL's clients, for pods of the lab and of its tests: the same image."""

GUARD_IMAGE: Final = "openova.lab/guard:lab"
"""The guard's image, made here (lab/guard_root.py)."""

LEDGER_IMAGE: Final = "openova.lab/ledger:lab"
"""The drill's application, made here (lab/ledger_root.py)."""

INGRESS_IMAGE: Final = "openova.lab/ingress:lab"
"""What stands in Traefik's place (lab/k3s/ingress.py)."""

MODULES: Final = Path(__file__).parent / "tools"
_CRDS: Final = "config/crd/bases/*.yaml"
DEFINITIONS: Final = {
    "barman-cloud": (BARMAN, _CRDS),
    "mongodb-community": (COMMUNITY, _CRDS),
    "percona": (PERCONA, "deploy/crd.yaml"),
    "pod-monitors": (PROMETHEUS, "example/prometheus-operator-crd/*_podmonitors.yaml"),
    "prometheus-rules": (PROMETHEUS, "example/prometheus-operator-crd/*_prometheusrules.yaml"),
}
"""Custom resources besides CloudNativePG's: their module, and where its definitions lie."""


def base() -> Path:
    """The folder of everything that the lab keeps between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "openova"


def cache() -> Path:
    """Where programs of exactly these versions lie, whether they are there or not."""
    pinned = hashlib.sha256()
    for file in sorted([*MODULES.glob("*/go.*"), *MODULES.glob("*/*.go")]):
        pinned.update(file.read_bytes())
    pinned.update(repr(DEFINITIONS).encode())
    return base() / "lab" / pinned.hexdigest()[:12]


def program(name: str) -> Path:
    """One of PROGRAMS."""
    return cache() / "bin" / name


def is_built() -> bool:
    """Whether every program is there."""
    return all(program(name).exists() for names in PROGRAMS.values() for name in names)


def missing() -> str:
    """What stands between this machine and the API server, in one line; empty if nothing does."""
    if shutil.which("etcd") is None:
        return f"needs etcd (apt-get install {PACKAGES['etcd']})"
    if absent := [name for name in ASKED if not program(name).exists()]:
        return f"needs {', '.join(absent)} in {cache()} ({BUILD}, with Go)"
    return ""
