"""`python -m operations.guard`: the program of the guard's image."""

from __future__ import annotations

import os
import signal
import sys

from operations.epoch.s3 import S3EpochStore
from operations.guard.barrier import Nftables
from operations.guard.cluster import Kubernetes
from operations.guard.configuration import STATE, configuration
from operations.guard.loop import Guard
from operations.guard.memory import Memory


def main() -> None:
    """Runs until it is told to end, and leaves the barrier as it is. Exit code 2 where it is told wrongly."""
    try:
        told = configuration(os.environ)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    guard = Guard(
        told.place,
        S3EpochStore(told.bucket),
        Kubernetes(told.server, told.namespace, told.cluster),
        Nftables(told.pods),
        Memory(STATE),
        say=lambda text: print(text, flush=True),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: guard.stop.set())
    guard.run()


if __name__ == "__main__":
    main()
