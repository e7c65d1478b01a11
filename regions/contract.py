"""What stacks tell each other: the outputs of each kind of stack, named, typed and versioned.

A writer fills a dataclass and calls `export`; a reader opens a stack reference and gets the same
dataclass back (`regions.references`). Which fields are secret is said once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeAlias

import pulumi

from settings.base import camel

VERSION: Final = 1
"""Raised when a field changes its meaning or its form. A reader refuses another version."""

VERSION_OUTPUT: Final = "contract"
Fields: TypeAlias = Mapping[str, Any] | pulumi.Output[Any]
"""Named values; each may be known late."""

_SECRET: Final = {"secret": True}
_OPTIONAL: Final = {"optional": True}
_NEVER_EMPTY: Final = {"secret": True, "never_empty": True}
"""A secret that every stack of the kind has: empty, it did not come across (see `never_empty`)."""


@dataclass(frozen=True, kw_only=True)
class SharedOutputs:
    """Of the stack `shared`."""

    mesh_public_keys: Fields
    """WireGuard public key by node name."""
    mesh_private_keys: Fields = field(metadata=_NEVER_EMPTY)
    """WireGuard private key by node name."""
    k3s_tokens: Fields = field(metadata=_NEVER_EMPTY)
    """`server` and `agent` token by region code."""
    postgres_keys: Fields = field(metadata=_NEVER_EMPTY)
    """certificate, privateKey, ownerPassword, replicationPassword."""
    mongodb_keys: Fields = field(metadata=_SECRET)
    """certificateAuthority, certificate, privateKey, keyfile, encryptionKey, passwords; empty where MongoDB is off."""
    backup: Fields
    """bucket and endpoint; empty where backups are off."""
    backup_credentials: Fields = field(metadata=_SECRET)
    """accessKeyId and secretAccessKey; empty where backups are off."""
    guard: Fields
    """bucket and endpoint of the record of who may write; empty where no guard runs."""
    guard_credentials: Fields = field(metadata=_SECRET)
    """accessKeyId and secretAccessKey of that bucket; empty where no guard runs."""
    tunnel_token: pulumi.Input[str] = field(metadata=_SECRET)
    """The tunnel's token; empty outside mode `tunnel`."""


@dataclass(frozen=True, kw_only=True)
class SiteOutputs:
    """Of every stack that has nodes; a witness has no more."""

    addresses: Fields
    """The public address of each node, by its name: where its mesh is dialled and its HTTP is served."""
    host_keys: Fields
    """The pinned SSH host key of each node, by its name. For `openova doctor`; no stack reads it."""
    kubeconfig: pulumi.Input[str] = field(metadata=_NEVER_EMPTY)
    """For people and tools; no stack reads it."""


@dataclass(frozen=True, kw_only=True)
class RegionOutputs(SiteOutputs):
    """Of a region's stack."""

    authority: Fields
    """epoch, generation and writes, as this stack last carried them out."""
    postgres: Fields
    """cluster, host and port of the region's database."""
    handover: Fields | None = field(default=None, metadata=_SECRET | _OPTIONAL)
    """epoch and token of a handover by this region; absent when it does not hand over."""


@dataclass(frozen=True, kw_only=True)
class GlobalOutputs:
    """Of the stack `global`."""

    hosts: pulumi.Input[list[str]]
    """The names that the edge serves."""
    steering: Fields
    """policy, and the order of regions by area."""


def export(outputs: SharedOutputs | SiteOutputs | GlobalOutputs) -> None:
    """Make the fields stack outputs, secret where the contract says so."""
    pulumi.export(VERSION_OUTPUT, VERSION)
    for item in fields(outputs):
        value = getattr(outputs, item.name)
        if value is None and item.metadata.get("optional"):
            continue
        secret = item.metadata.get("secret", False)
        pulumi.export(camel(item.name), pulumi.Output.secret(value) if secret else value)


OUTPUTS: Final[Mapping[str, type[SharedOutputs | SiteOutputs | GlobalOutputs]]] = {
    "shared": SharedOutputs,
    "region": RegionOutputs,
    "witness": SiteOutputs,
    "global": GlobalOutputs,
}
"""The outputs of each kind of stack."""


def secret_outputs(kind: str) -> frozenset[str]:
    """The names of a kind's secret outputs."""
    return frozenset(camel(item.name) for item in fields(OUTPUTS[kind]) if item.metadata.get("secret"))


def never_empty(kind: type[SharedOutputs | SiteOutputs]) -> list[str]:
    """The names of the secret outputs that always have a content."""
    return [camel(item.name) for item in fields(kind) if item.metadata.get("never_empty")]
