"""The stand-in for K3s as a release to download."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab import mirror
from lab.mirror import Release
from lab.release import installer

K3S: Final = Path(__file__).parent / "standins" / "k3s"


def publish(folder: Path, tag: str) -> Release:
    """Puts the stand-in into the folder as the release of that tag."""
    k3s, images = (text.replace("RELEASE", tag).encode() for text in (K3S.read_text(), "images of RELEASE\n"))
    return mirror.publish(folder, tag, k3s, installer(tag), images)
