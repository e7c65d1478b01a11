"""Texts that stand in a plan for those that only a real run has. They follow from a resource's name."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from operations.plan.recorded import Recorded
from operations.plan.values import PLANNED


def placeholder(resource: Recorded, what: str) -> str:
    """A text that says what stands here in a real run."""
    return f"{PLANNED}{resource.name}-{what}"


def random_texts(resource: Recorded) -> Mapping[str, str]:
    """The bytes of a RandomBytes as its outputs `base64` and `hex`."""
    length = int(resource.inputs["length"])
    seed = bytearray(hashlib.shake_256(placeholder(resource, "bytes").encode()).digest(length))
    # As WireGuard's keys are kept (RFC 7748, section 5), so that they can be found again where they are used.
    seed[0] &= 248
    seed[-1] = seed[-1] & 127 | 64
    return {"base64": base64.b64encode(seed).decode(), "hex": seed.hex()}
