"""What a node remembers over restarts and boots: the highest turn that it ever read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from operations.guard.decide import Turn


class Memory:
    """One file. A file that cannot be read counts as a turn of nobody: it closes, and opens by the next reading."""

    def __init__(self, file: Path) -> None:
        self._file, self._turn = file, self._read(file)

    def turn(self) -> Turn | None:
        """The highest turn; None on a node that never read one."""
        return self._turn

    @staticmethod
    def _read(file: Path) -> Turn | None:
        try:
            kept = json.loads(file.read_text())
            return Turn(epoch=int(kept["epoch"]), primary=str(kept["primary"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return Turn(epoch=0, primary="")

    def keep(self, turn: Turn) -> None:
        """Replaces it in one step, on the disk before this returns. Raises OSError; this process knows it yet."""
        self._turn = turn
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(f".{os.getpid()}")
        with new.open("w") as text:
            json.dump({"epoch": turn.epoch, "primary": turn.primary}, text)
            text.flush()
            os.fsync(text.fileno())
        new.replace(self._file)
