"""How a command ends that stopped half-way."""

from __future__ import annotations


class StoppedError(Exception):
    """A step did not come to its end. The text says what is so now, and what to do. Nothing else is printed."""
