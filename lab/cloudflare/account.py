"""One account with one zone: what it may do, its tokens, and everything that was made in it."""

from __future__ import annotations

import base64
import json
import os
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from settings.tiers import PlanTier, TierLimits, limits

ACCOUNT_ID: Final = "0" * 32
ZONE_ID: Final = "0" * 32
"""What the committed configuration has in their place."""

EVERYTHING: Final = frozenset(
    {
        "Zone Read",
        "DNS Write",
        "Load Balancers Write",
        "Load Balancing: Monitors and Pools Write",
        "Workers R2 Storage Write",
        "Notifications Write",
        "Cloudflare Tunnel Write",
        "SSL and Certificates Write",
        "Billing Read",
    }
)
"""The permissions that the program's stacks need, and reading what was bought."""

TABLES: Final = (
    "monitors", "pools", "load_balancers", "dns_records", "buckets", "tunnels", "configurations", "policies",
    "webhooks", "certificate_packs",
)  # fmt: skip
Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What was bought. The plan is the zone's; `faster_checks` is the paid option for shorter intervals."""

    account_id: str = ACCOUNT_ID
    zone_id: str = ZONE_ID
    zone: str = "openova.io"
    plan: PlanTier = PlanTier.PRO
    load_balancing: bool = True
    faster_checks: bool = False
    advanced_certificates: bool = True

    @property
    def limits(self) -> TierLimits:
        """What the plan allows of load balancing."""
        return limits(self.plan)

    @property
    def minimum_interval(self) -> int:
        """The shortest check interval in seconds."""
        return self.limits.minimum_interval(faster_checks=self.faster_checks)


@dataclass(frozen=True)
class Token:
    """A token's permissions, by the names of Cloudflare's permission groups. Write includes Read."""

    id: str
    scopes: frozenset[str]

    def allows(self, permission: str, *, writing: bool) -> bool:
        """True where the token may read, or write, what `permission` (without Read or Write) names."""
        wanted = {f"{permission} Write"} if writing else {f"{permission} Read", f"{permission} Write"}
        return not permission or bool(wanted & self.scopes)


@dataclass
class Account:
    """The account's memory. Whoever reads or changes it holds `lock`; `version` counts the changes.

    With `file` everything is kept there as JSON, and is there again at the next start.
    """

    contract: Contract = field(default_factory=Contract)
    file: Path | None = None
    tables: dict[str, dict[str, Object]] = field(default_factory=lambda: {name: {} for name in TABLES})
    tokens: dict[str, Token] = field(default_factory=dict)
    total_tls: Object = field(default_factory=lambda: {"enabled": False})
    lock: threading.RLock = field(default_factory=threading.RLock)
    version: int = 0
    health_of: Callable[[Object], Object] = lambda pool: {}
    """What each check region sees of a pool; the data plane sets it."""

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            self._load(self.file)

    def token(self, scopes: frozenset[str] = EVERYTHING) -> str:
        """Make a token: forty characters, the form that the provider asks for."""
        text = base64.urlsafe_b64encode(secrets.token_bytes(30)).decode()
        with self.lock:
            self.tokens[text] = Token(new_id(), scopes)
            self.changed()
        return text

    def revoke(self, token: str) -> None:
        """Make a token worth nothing."""
        with self.lock:
            del self.tokens[token]
            self.changed()

    def changed(self) -> None:
        """Count a change, and keep it."""
        self.version += 1
        if self.file is not None:
            self._save(self.file)

    def _save(self, file: Path) -> None:
        kept = {
            "tables": self.tables,
            "totalTls": self.total_tls,
            "tokens": {text: {"id": token.id, "scopes": sorted(token.scopes)} for text, token in self.tokens.items()},
        }
        beside = file.with_name(f"{file.name}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
            json.dump(kept, writing, indent=1)
        beside.replace(file)

    def _load(self, file: Path) -> None:
        try:
            kept: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            self.tables = {name: dict(kept["tables"].get(name, {})) for name in TABLES}
            self.total_tls = kept["totalTls"]
            self.tokens = {
                text: Token(token["id"], frozenset(token["scopes"])) for text, token in kept["tokens"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RuntimeError(
                f"{file} is not the state of a local Cloudflare ({error!r}). What was made cannot be read from it. "
                "Name another file, or remove this one to begin anew."
            ) from None


def new_id() -> str:
    """Thirty-two hexadecimal digits, as Cloudflare's ids are."""
    return uuid.uuid4().hex


def now() -> str:
    """The time in Cloudflare's form."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
