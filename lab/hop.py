"""The road between the regions: a hop that keeps every IP packet for a while, and loses some.

`python -m lab.hop FILE` makes the interface, and reads delay (seconds, one way) and loss (0 to 1) from the JSON file,
again on SIGHUP. What it does not get to send is lost, as on a road: it never answers for anybody.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import select
import signal
import struct
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final

INTERFACE: Final = "hop0"
LONGEST: Final = 65535
MOST: Final = 20000
"""Packets on the way at most: a road's queue is not endless either."""

_TUNSETIFF: Final = 0x400454CA
_TUN_WITHOUT_HEADER: Final = 0x0001 | 0x1000


def main(file: Path) -> None:
    """Runs until it is ended."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH", INTERFACE.encode(), _TUN_WITHOUT_HEADER))
    road = json.loads(file.read_text())
    signal.signal(signal.SIGHUP, lambda *_: road.update(json.loads(file.read_text())))
    print("ready", flush=True)
    on_the_way: deque[tuple[float, bytes]] = deque()
    while True:
        wait = max(0.0, on_the_way[0][0] - time.monotonic()) if on_the_way else 1.0
        select.select([tun], [], [], wait)
        _take(tun, on_the_way, road["delay"], road["loss"])
        now = time.monotonic()
        while on_the_way and on_the_way[0][0] <= now:
            _give(tun, on_the_way.popleft()[1])


def _take(tun: int, on_the_way: deque[tuple[float, bytes]], delay: float, loss: float) -> None:
    for _ in range(256):
        try:
            packet = os.read(tun, LONGEST)
        except BlockingIOError:
            return
        if len(on_the_way) < MOST and not (loss and random.random() < loss):  # noqa: S311
            on_the_way.append((time.monotonic() + delay, packet))


def _give(tun: int, packet: bytes) -> None:
    try:
        os.write(tun, packet)
    except OSError:
        return  # not an IP packet that the kernel would carry on


if __name__ == "__main__":
    main(Path(sys.argv[1]))
