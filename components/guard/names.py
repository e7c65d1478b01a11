"""What the guard's parts in a cluster call each other."""

from __future__ import annotations

from typing import Final

NAME: Final = "openova-guard"
"""Of the namespace, the DaemonSet, the Secret with the keys, and the label `app.kubernetes.io/name`."""

KEYS: Final = "/etc/openova-guard"
"""Where the Secret is mounted."""
