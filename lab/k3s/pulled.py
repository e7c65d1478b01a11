"""Images that are on the host already: containerd's store, with links to contents that all hosts share."""

from __future__ import annotations

import shutil
from pathlib import Path

BLOBS = "sha256"
LAYER = "fs"


def link_store(shared: Path, store: Path) -> None:
    """Makes a host's own store of a shared one, where there is a shared one and none of its own yet.

    Contents and unpacked layers, which nobody writes to, are links; the databases about them are the host's own.
    """
    if store.exists() or not shared.is_dir():
        return
    part = store.with_name(f"{store.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    _link(shared, part)
    part.rename(store)


def _link(shared: Path, own: Path) -> None:
    own.mkdir(parents=True, mode=0o711)
    for entry in shared.iterdir():
        if shared.name == BLOBS or entry.name == LAYER:
            (own / entry.name).symlink_to(entry)
        elif entry.is_dir():
            _link(entry, own / entry.name)
        elif entry.is_file():
            shutil.copy2(entry, own / entry.name)
