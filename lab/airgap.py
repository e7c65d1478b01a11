"""The images of the lab: those that K3s brings along, as an archive, and those that hosts pull from registries."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from lab import guard_root, ledger_root
from lab.images import UNUSED, BuiltImage, write_archive
from lab.postgres_root import BINARIES, USER, postgres_root
from lab.python_image import ROOT, folder, modules
from lab.tools import GUARD_IMAGE, INGRESS_IMAGE, LEDGER_IMAGE, POSTGRES_IMAGE, TOOLS_IMAGE, cache, program
from settings.versions import CNPG_IMAGE

DAY: Final = 24 * 3600
"""Seconds."""


def archive() -> Path:
    """What hosts import when they start, as K3s' air-gap archive would be; made where it is not there."""
    images = own_images()
    target = kept("images", images, ".tar")
    if not target.exists():
        part = target.with_suffix(".part")
        write_archive(part, images)
        part.rename(target)
    target.touch()
    return target


def kept(name: str, images: Sequence[BuiltImage], suffix: str = "") -> Path:
    """The place of what is made of these images. Others of this name that no lab asked for in a day are removed."""
    text = f"{Path(__file__).read_text()}{UNUSED}{images}"
    target = cache() / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}{suffix}"
    for other in cache().glob(f"{name}-*{suffix}"):
        if other != target and other.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(other) if other.is_dir() else other.unlink(missing_ok=True)
    return target


def own_images() -> list[BuiltImage]:
    """Of K3s' own the one without which no pod starts."""
    return [
        BuiltImage(
            references=("registry.k8s.io/pause:lab",),
            files={"/pause": program("pause")},
            entrypoint=("/pause",),
            user="65535",
        ),
    ]


def pulled_images() -> list[BuiltImage]:
    """Everything else that runs in a pod."""
    path = f"PATH={BINARIES}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    manager = program("manager")
    return [
        BuiltImage(
            references=(POSTGRES_IMAGE, TOOLS_IMAGE),
            root=postgres_root(),
            user=str(USER),
            environment=(path, "LANG=C.UTF-8"),
        ),
        BuiltImage(
            # The real name: it is the same release, built from the same source.
            references=(CNPG_IMAGE.reference,),
            files={"/manager": manager, "/operator/manager_amd64": manager},
            entrypoint=("/manager",),
            user="10001",
        ),
        BuiltImage(
            references=("registry.k8s.io/coredns:lab",),
            files={"/coredns": program("coredns")},
            entrypoint=("/coredns",),
        ),
        BuiltImage(
            references=("rancher/local-path-provisioner:lab",),
            files={"/usr/bin/local-path-provisioner": program("local-path-provisioner")},
        ),
        *_guard(),
        *_ingress(),
        *_ledger(),
    ]


def _guard() -> list[BuiltImage]:
    """The guard's, where its root was made: a lab without guards does without."""
    if not guard_root.guard_root().exists():
        return []
    return [_python(GUARD_IMAGE, guard_root.CONTAINERFILE, "operations.guard", {}, "0")]


def _ingress() -> list[BuiltImage]:
    """What stands in Traefik's place, over the same Debian."""
    if not guard_root.guard_root().exists():
        return []
    program = ROOT / "lab" / "k3s" / "ingress.py"
    source = hashlib.sha256(program.read_bytes()).hexdigest()
    return [
        BuiltImage(
            references=(INGRESS_IMAGE,),
            root=guard_root.guard_root(),
            files={"/ingress.py": program},
            entrypoint=("python3", "/ingress.py"),
            environment=("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONUNBUFFERED=1", f"SOURCE={source}"),
        )
    ]


def _ledger() -> list[BuiltImage]:
    """The drill's application, where its packages were laid out."""
    if not (guard_root.guard_root().exists() and ledger_root.ledger_packages().exists()):
        return []
    return [
        _python(LEDGER_IMAGE, ledger_root.CONTAINERFILE, "operations.drill.ledger", ledger_root.packages(), "10001")
    ]


def _python(name: str, containerfile: Path, module: str, packages: Mapping[str, Path], user: str) -> BuiltImage:
    """One of ours over the Debian that the guard's image is made of."""
    files = modules(containerfile)
    source = hashlib.sha256(b"".join(file.read_bytes() for file in files.values())).hexdigest()
    return BuiltImage(
        references=(name,),
        root=guard_root.guard_root(),
        files={**packages, **files},
        entrypoint=("python3", "-m", module),
        user=user,
        environment=(
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            f"PYTHONPATH={folder(containerfile)}:/packages",
            "PYTHONUNBUFFERED=1",
            # The archive is made anew whenever a module changes.
            f"SOURCE={source}",
        ),
    )
