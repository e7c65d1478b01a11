"""Builds what the lab runs, once for each set of versions, from Go modules and Debian packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from lab import debian, guard_root, ledger_root, postgres_root, s3
from lab.tools import CNPG, DEFINITIONS, KUBERNETES, MODULES, PACKAGES, PROGRAMS, TOOLS_IMAGE, cache, is_built

LOCAL_PATH = "github.com/rancher/local-path-provisioner"
STORAGE = "/var/lib/rancher/k3s/storage"
"""Where K3s' own local path provisioner keeps volumes."""


def build() -> None:
    """Builds the programs that are not there: some twenty minutes on two cores at first, seconds with a warm Go cache.

    Raises RuntimeError without Go, CalledProcessError where a module cannot be had or built; the folder appears
    only when all is done.
    """
    if is_built():
        print(f"{cache()} is there already; remove it to build it again")
        return
    if shutil.which("go") is None:
        raise RuntimeError(f"Go builds the programs of the lab, and is not here: apt-get install {PACKAGES['go']}")
    part = cache().with_name(f"{cache().name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for folder in ("bin", "definitions", "manifests"):
        (part / folder).mkdir(parents=True)
    for module, names in PROGRAMS.items():
        print(f"{module}: {', '.join(names)}", flush=True)
        _compile(module, names, part / "bin")
    for name, text in _definitions().items():
        (part / "definitions" / name).write_text(text)
    (part / "manifests" / "local-path.yaml").write_text(_local_path())
    part.rename(cache())
    print(f"{cache()} is ready")


def _compile(module: str, names: Sequence[str], into: Path) -> None:
    """Builds the tools that a module of ours pins, with the sums that it holds; or the module's own program.

    One tool alone gets our name for it: operators call theirs `manager`.
    """
    output = f"{into}/{names[0]}" if len(names) == 1 else f"{into}/"
    what = "." if (MODULES / module / "main.go").exists() else "tool"
    flags = f"-s -w {_kubernetes_version() if module == 'kubernetes' else ''}".strip()
    _go(["build", "-trimpath", "-ldflags", flags, "-o", output, what], MODULES / module)


def _kubernetes_version() -> str:
    """A binary that was built without these calls itself v0.0.0, which clients cannot read."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor}
    return " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in values.items())


def _definitions() -> dict[str, str]:
    """Definitions of custom resources, and the operators' own manifests, from the modules of the operators."""
    files = {
        "cloudnative-pg": [_source(*CNPG) / "releases" / f"cnpg-{CNPG[1].removeprefix('v')}.yaml"],
    }
    files |= {name: sorted(_source(*module).glob(pattern)) for name, (module, pattern) in DEFINITIONS.items()}
    return {f"{name}.yaml": "---\n".join(file.read_text() for file in found) for name, found in files.items()}


def _local_path() -> str:
    """Rancher's own manifest, with K3s' folder and images that are here instead of pulled ones."""
    version = _required("local-path", LOCAL_PATH)
    text = (_source(LOCAL_PATH, version) / "deploy" / "local-path-storage.yaml").read_text()
    documents = [
        document for document in yaml.safe_load_all(text.replace("/opt/local-path-provisioner", STORAGE)) if document
    ]
    for document in documents:
        if document["kind"] == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            container["image"] = "rancher/local-path-provisioner:lab"
        if document["kind"] == "ConfigMap":
            helper = yaml.safe_load(document["data"]["helperPod.yaml"])
            (container,) = helper["spec"]["containers"]
            container |= {"image": TOOLS_IMAGE, "securityContext": {"runAsUser": 0}}
            document["data"]["helperPod.yaml"] = yaml.safe_dump(helper)
    return yaml.safe_dump_all(documents)


def _required(module: str, name: str) -> str:
    """The version of a dependency that a module of ours pins."""
    text = _go(["list", "-m", "-f", "{{.Version}}", name], MODULES / module)
    return text.strip()


def _source(module: str, version: str) -> Path:
    """The module's folder, checked against the public sums of Go modules."""
    found = json.loads(_go(["mod", "download", "-json", f"{module}@{version}"], Path("/")))
    return Path(found["Dir"])


def _go(arguments: list[str], folder: Path) -> str:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""}
    return subprocess.run(
        ["go", *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def build_all() -> None:
    """The programs, and what hosts and databases are made of where this machine can make it. Raises as `build` does."""
    build()
    s3.build()
    if os.geteuid() == 0 and shutil.which("debootstrap"):
        debian.build()
        postgres_root.build()
        guard_root.build()
        ledger_root.build()
    else:
        print("Hosts and PostgreSQL are not made: that needs root and debootstrap (apt-get install debootstrap)")


BUILDS: Final = {
    "build": build_all,
    "debian": debian.build,
    "guard": guard_root.build,
    "ledger": ledger_root.build,
    "s3": s3.build,
}


def main(what: str) -> None:
    """Runs one of the builds, and ends with what is wrong in one line where it fails."""
    try:
        BUILDS[what]()
    except RuntimeError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\nWhat it said is above. Nothing was installed; run it again once it is mended.")
