"""The record of who may write, kept outside all regions (docs/adr/0015-authority-outside-both-regions.md).

Guards in the regions read it, commands that change the authority write it. Nothing here imports Pulumi.
"""

from operations.epoch.claim import claim
from operations.epoch.record import Barrier, EpochRecord, Isolation, Stated, Statement, Versioned
from operations.epoch.silence import Silence, silence_of
from operations.epoch.store import Conflict, EpochStore, Refused, StoreError, Unreachable, Unreadable

__all__ = [
    "Barrier",
    "Conflict",
    "EpochRecord",
    "EpochStore",
    "Isolation",
    "Refused",
    "Silence",
    "Stated",
    "Statement",
    "StoreError",
    "Unreachable",
    "Unreadable",
    "Versioned",
    "claim",
    "silence_of",
]
