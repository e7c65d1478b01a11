"""The store of a containerd that has pulled the lab's images: hosts link to it, as if they had pulled them too.

There is no registry. Six hosts of one machine that import the same half a gigabyte cost minutes of its processor.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from lab.airgap import kept, pulled_images
from lab.debian import debian_root
from lab.images import write_archive

SECONDS: Final = 300

_PULL: Final = """
set -eu
mount --make-rprivate /
mount -t proc proc "$DEBIAN/proc"
mount --bind "$PART" "$DEBIAN/mnt"
exec chroot "$DEBIAN" sh -euc '
  cd /mnt
  printf "version = 2\\ndisabled_plugins = [\\"io.containerd.grpc.v1.cri\\"]\\n" > config.toml
  containerd --config config.toml --root /mnt/store --state /mnt/state --address /mnt/socket > log 2>&1 &
  n=0; until ctr --address /mnt/socket version > /dev/null 2>&1; do n=$((n + 1)); test $n -lt 100; sleep 0.2; done
  ctr --address /mnt/socket --namespace k8s.io images import images.tar > /dev/null
  kill $!
  wait
'
"""


def pulled() -> Path:
    """The folder, made where it is not there: half a minute. Raises CalledProcessError where containerd fails."""
    images = pulled_images()
    target = kept("pulled", images)
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            part = Path(folder)
            write_archive(part / "images.tar", images)
            _pull(part)
            (part / "store").rename(target)
    target.touch()
    return target


def _pull(part: Path) -> None:
    for name in ("store", "state"):
        (part / name).mkdir()
    subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _PULL],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN": str(debian_root()), "PART": str(part)},
        check=True,
        timeout=SECONDS,
    )
    shutil.rmtree(part / "state")
