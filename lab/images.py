"""Container images from folders and single programs, as one archive that a container runtime imports.

The archive has the form of `docker save`: one layer an image. Nothing here needs a container engine or a registry.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LINUX: Final = {"architecture": "amd64", "os": "linux"}


@dataclass(frozen=True, kw_only=True)
class BuiltImage:
    """An image by its `references`: a whole `root` folder, then `files` (path inside to path here, for everybody to
    run). `user` is a number, since the image may lack a file of users."""

    references: tuple[str, ...]
    root: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    user: str = "0"
    environment: tuple[str, ...] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)


def write_archive(target: Path, images: Sequence[BuiltImage]) -> None:
    """Writes all images into one archive. Owners and modes of a `root` folder are kept."""
    manifest = []
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch, tarfile.open(target, "w") as archive:
        for number, image in enumerate(images):
            layer = Path(scratch) / f"{number}.tar"
            _write_layer(layer, image)
            digest = _sha256(layer)
            config = _config(image, digest)
            name = hashlib.sha256(config).hexdigest()
            _add(archive, f"{name}.json", config)
            archive.add(layer, f"{name}/layer.tar")
            layer.unlink()
            manifest.append(
                {"Config": f"{name}.json", "RepoTags": list(image.references), "Layers": [f"{name}/layer.tar"]}
            )
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _write_layer(layer: Path, image: BuiltImage) -> None:
    if image.root is not None:
        subprocess.run(["tar", "--numeric-owner", "-C", str(image.root), "-cf", str(layer), "."], check=True)
    with tarfile.open(layer, "a") as tar:
        for inside, here in image.files.items():
            entry = tar.gettarinfo(here, inside.lstrip("/"))
            entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o755, 0, 0, "", ""
            with here.open("rb") as content:
                tar.addfile(entry, content)


def _config(image: BuiltImage, digest: str) -> bytes:
    config: dict[str, Any] = {
        **LINUX,
        "config": {"Env": list(image.environment), "Entrypoint": list(image.entrypoint), "User": image.user},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    return json.dumps(config, sort_keys=True).encode()


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
