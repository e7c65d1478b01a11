"""A secret stands only where it is marked as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.plan.recorded import Recorded
from operations.plan.values import Secret
from operations.policy.model import Facts, Finding, Rule

SECRET_OBJECT: Final = "kubernetes:core/v1:Secret"  # noqa: S105 a type
_NAMES: Final = re.compile(
    r"(?i)(^|[-_.])(password|passphrase|token|secret|apikey|keyfile)$"
    r"|(Password|Token|SecretAccessKey|PrivateKey|ApiKey|privateKeyPem)$|^(privateKey|tls\.key|ca\.key)$"
)
_PEM: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_SHORTEST: Final = 8
"""Shorter texts are found in others by chance."""


def _plain(resource: Recorded, facts: Facts) -> Iterator[Finding]:
    known = [value for value in facts.secret_values if len(value) >= _SHORTEST]
    for path, text in _open(resource.inputs, ""):
        last = path.rpartition("/")[2]
        held = resource.type == SECRET_OBJECT and path.startswith(("/data/", "/stringData/")) and _NAMES.search(last)
        if held or any(value in text for value in known) or _PEM.search(text):
            yield Finding(
                resource.name,
                f"{resource.name}: a secret stands in {path.strip('/').replace('/', '.')} and is not marked as one.",
                "Take it from a secret setting or from the stack shared, and keep it an Output to the end.",
            )


def _open(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text that is not marked secret, with its path."""
    if isinstance(value, Secret):
        return
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _open(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _open(item, f"{path}/{index}")


PLAIN_SECRET: Final = Rule(
    "plain-secret",
    "A secret stands in no input that is not marked secret.",
    "It would be readable in the state, in the preview's output and in every copy of either.",
    of_resource=_plain,
)
