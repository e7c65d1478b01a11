"""Container images from folders and single programs, as one archive that a container runtime imports.

The archive has the form of `docker save`. Images over the same folder share its layer: hosts import it once. Nothing
here needs a container engine or a registry.
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

UNUSED: Final = (
    *("usr/share/perl", "usr/share/perl5", "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/perl-base"),
    *("usr/share/i18n", "usr/share/bash-completion", "usr/share/lintian", "usr/share/zoneinfo/right", "var/lib/dpkg"),
)
"""What no pod has a use for. Half the files of a Debian, and importing an image is mostly the making of files."""


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


@dataclass(frozen=True)
class _Layer:
    """A layer's sum, and its place in the archive."""

    digest: str
    name: str


def write_archive(target: Path, images: Sequence[BuiltImage]) -> None:
    """Writes all images into one archive. Owners and modes of a `root` folder are kept, but not what is in `UNUSED`."""
    manifest = []
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch, tarfile.open(target, "w") as archive:
        file = Path(scratch) / "layer.tar"
        roots: dict[Path, _Layer] = {}
        for image in images:
            layers = []
            if image.root is not None:
                if image.root not in roots:
                    _write_root(file, image.root)
                    roots[image.root] = _add_layer(archive, file)
                layers.append(roots[image.root])
            if image.files:
                _write_files(file, image.files)
                layers.append(_add_layer(archive, file))
            config = _config(image, [layer.digest for layer in layers])
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(archive, name, config)
            manifest.append(
                {"Config": name, "RepoTags": list(image.references), "Layers": [layer.name for layer in layers]}
            )
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _write_root(layer: Path, root: Path) -> None:
    left_out = [f"--exclude=./{path}" for path in UNUSED]
    subprocess.run(["tar", "--numeric-owner", *left_out, "-C", str(root), "-cf", str(layer), "."], check=True)


def _write_files(layer: Path, files: Mapping[str, Path]) -> None:
    """A file that stands in several places is in the layer once."""
    first: dict[Path, str] = {}
    with tarfile.open(layer, "w") as tar:
        for inside, here in files.items():
            entry = tar.gettarinfo(here, inside.lstrip("/"))
            entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o755, 0, 0, "", ""
            if first.setdefault(here, entry.name) != entry.name:
                entry.type, entry.linkname, entry.size = tarfile.LNKTYPE, first[here], 0
            with here.open("rb") as content:
                tar.addfile(entry, content)


def _add_layer(archive: tarfile.TarFile, file: Path) -> _Layer:
    layer = _Layer(digest := _sha256(file), f"{digest}/layer.tar")
    archive.add(file, layer.name)
    return layer


def _config(image: BuiltImage, digests: Sequence[str]) -> bytes:
    config: dict[str, Any] = {
        **LINUX,
        "config": {"Env": list(image.environment), "Entrypoint": list(image.entrypoint), "User": image.user},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
    }
    return json.dumps(config, sort_keys=True).encode()


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
