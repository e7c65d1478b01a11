"""What the lab's mirror gives out as K3s: one file that Python runs, its installer, and the images."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

from lab.airgap import archive
from lab.mirror import Release, publish
from settings.versions import K3S

_HERE: Final = Path(__file__).parent
_START: Final = b"#!/usr/bin/env python3\n"
_MAIN: Final = "import sys\n\nfrom lab.k3s.command import main\n\nmain(sys.argv[1:])\n"


def publish_release(folder: Path) -> Release:
    """Puts the release that the program pins into the folder."""
    return publish(folder, K3S, binary(K3S), installer(K3S), archive())


def installer(tag: str) -> bytes:
    """What stands for K3s' own installer."""
    return (_HERE / "k3s" / "install.sh").read_text().replace("RELEASE", tag).encode()


def binary(tag: str) -> bytes:
    """The package `lab.k3s` as a program, the same bytes each time."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as zipped:
        texts = {"__main__.py": _MAIN, "lab/__init__.py": ""}
        texts |= {f"lab/k3s/{file.name}": file.read_text() for file in sorted((_HERE / "k3s").glob("*.py"))}
        for name, text in texts.items():
            zipped.writestr(zipfile.ZipInfo(name), text.replace('RELEASE = "RELEASE"', f'RELEASE = "{tag}"'))
    return _START + content.getvalue()
